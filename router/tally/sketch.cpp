#include "router/tally/sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/assert.h"
#include "router/tally/little_endian.h"

namespace tallygate::router {
namespace {

constexpr int kTableScale = 8;
constexpr int kTableSize = 1 << kTableScale;
constexpr int kMantissaBits = 52;
constexpr int kCellBits = 9;
constexpr std::uint8_t kFormat = 1;
constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << kMantissaBits) - 1;
constexpr std::uint64_t kExponentBias = 1023;

constexpr long double square_root(long double value) {
  long double root = value;
  for (int i = 0; i < 64; ++i) root = (root + value / root) / 2;
  return root;
}

/// Entry k is the largest double <= 2^(k/256), so that `v > entry` decides exactly: between 1 and 2
/// no power of two with a fractional exponent of this kind is a double.
constexpr std::array<double, kTableSize + 1> make_boundaries() {
  std::array<double, kTableSize + 1> boundaries{};
  boundaries[kTableSize] = 2;
  std::array<long double, kTableScale> roots{};  // 2^(1/256), 2^(2/256), 2^(4/256), ... 2^(1/2)
  long double root = 2;
  for (std::size_t bit = kTableScale; bit-- > 0;) roots[bit] = root = square_root(root);
  for (int k = 0; k < kTableSize; ++k) {
    long double power = 1;
    for (std::size_t bit = 0; bit < kTableScale; ++bit) {
      if ((k >> bit & 1) != 0) power *= roots[bit];
    }
    auto nearest = static_cast<double>(power);
    if (static_cast<long double>(nearest) > power) {
      nearest = std::bit_cast<double>(std::bit_cast<std::uint64_t>(nearest) - 1);
    }
    boundaries[static_cast<std::size_t>(k)] = nearest;
  }
  return boundaries;
}
constexpr auto kBoundaries = make_boundaries();

/// For each 512th of [1, 2): how many boundaries lie at or below its start. Boundaries are further
/// apart than that, so one more compare finds the bucket.
constexpr auto make_cells() {
  std::array<std::uint16_t, 1 << kCellBits> cells{};
  std::uint16_t below = 0;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    const double start = 1 + static_cast<double>(cell) / static_cast<double>(cells.size());
    while (kBoundaries[below] <= start) ++below;
    cells[cell] = below;
  }
  return cells;
}
constexpr auto kCells = make_cells();

/// How many boundaries lie below a mantissa in [1, 2): ceil(log2(mantissa) * 256).
int boundaries_below(std::uint64_t mantissa_bits) {
  if (mantissa_bits == 0) return 0;
  const double mantissa = std::bit_cast<double>(kExponentBias << kMantissaBits | mantissa_bits);
  const std::uint16_t guess = kCells[mantissa_bits >> (kMantissaBits - kCellBits)];
  return guess + (mantissa > kBoundaries[guess] ? 1 : 0);
}

double upper_bound_of(int index, int scale) {
  const int next = index + 1;
  const int exponent = next >> scale;
  const int step = (next - (exponent << scale)) << (kTableScale - scale);
  return std::ldexp(kBoundaries[static_cast<std::size_t>(step)], exponent);
}

std::size_t dense_index(double millis) {
  const int index = Sketch::bucket_index(millis);
  return static_cast<std::size_t>(std::clamp(index, Sketch::kFirstIndex, Sketch::kLastIndex) -
                                  Sketch::kFirstIndex);
}

int sketch_index(std::size_t dense) { return static_cast<int>(dense) + Sketch::kFirstIndex; }

constexpr std::size_t kOctave = std::size_t{1} << Sketch::kScale;

/// Saturates: a full counter must not turn the largest bucket into the smallest.
void add(std::uint32_t& bucket, std::uint32_t count) {
  const std::uint32_t room = std::numeric_limits<std::uint32_t>::max() - bucket;
  bucket += std::min(room, count);
}

Error corrupt(const char* what) {
  return make_error(Errc::storage_corrupt, std::string("latency sketch: ") + what);
}

}  // namespace

int Sketch::bucket_index(double millis, int scale) {
  TG_ASSERT(millis > 0 && scale >= 0 && scale <= kTableScale);
  const auto bits = std::bit_cast<std::uint64_t>(millis);
  const auto exponent = static_cast<int>(bits >> kMantissaBits);
  if (exponent == 0) [[unlikely]] {  // subnormal
    return bucket_index(std::ldexp(millis, 64), scale) - (64 << scale);
  }
  const int fine = (exponent - static_cast<int>(kExponentBias)) * kTableSize +
                   boundaries_below(bits & kMantissaMask) - 1;
  return fine >> (kTableScale - scale);
}

double Sketch::upper_bound(int index) { return upper_bound_of(index, kScale); }

void Sketch::insert_micros(std::uint64_t micros) {
  ++count_;
  sum_micros_ += micros;
  min_micros_ = std::min(min_micros_, micros);
  max_micros_ = std::max(max_micros_, micros);
  if (micros == 0) {
    ++zero_count_;
    return;
  }
  add(bucket(dense_index(static_cast<double>(micros) / 1000.0)), 1);
}

std::uint32_t& Sketch::bucket(std::size_t dense) {
  if (dense - first_ >= counts_.size()) [[unlikely]]  // also when it lies below
    grow_to(dense);
  return counts_[dense - first_];
}

/// Whole octaves and none beyond what is used, so that equal contents have equal windows.
void Sketch::grow_to(std::size_t dense) {
  const std::size_t octave = dense / kOctave * kOctave;
  if (counts_.empty()) first_ = octave;
  if (octave < first_) {
    counts_.insert(counts_.begin(), first_ - octave, 0);
    first_ = octave;
  } else {
    counts_.resize(octave + kOctave - first_);
  }
}

std::vector<std::uint32_t> Sketch::buckets() const {
  std::vector<std::uint32_t> dense;
  if (counts_.empty()) return dense;
  dense.resize(kBucketCount);
  const std::size_t used = std::min(counts_.size(), kBucketCount - first_);
  std::copy_n(counts_.begin(), used, dense.begin() + static_cast<std::ptrdiff_t>(first_));
  return dense;
}

void Sketch::merge(const Sketch& other) {
  count_ += other.count_;
  zero_count_ += other.zero_count_;
  sum_micros_ += other.sum_micros_;
  min_micros_ = std::min(min_micros_, other.min_micros_);
  max_micros_ = std::max(max_micros_, other.max_micros_);
  if (other.counts_.empty()) return;
  bucket(other.first_);
  bucket(other.first_ + other.counts_.size() - 1);
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    add(counts_[other.first_ - first_ + i], other.counts_[i]);
  }
}

double Sketch::min_millis() const {
  return count_ == 0 ? 0 : static_cast<double>(min_micros_) / 1000.0;
}

double Sketch::quantile(double q) const {
  TG_ASSERT(q >= 0 && q <= 1);
  if (count_ == 0) return 0;
  // The factor takes back what rounding added: 0.07 * 100 must be rank 7, not 8.
  const double rank = std::max(1.0, std::ceil(q * static_cast<double>(count_) * (1 - 1e-14)));
  auto seen = static_cast<double>(zero_count_);
  if (rank <= seen) return min_millis();
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (rank > seen) continue;
    // The point of (l, u] that is equally wrong, relatively, at both ends.
    const double upper = upper_bound(sketch_index(first_ + i));
    const double lower = upper_bound(sketch_index(first_ + i) - 1);
    const double middle = 2 * lower * upper / (lower + upper);
    return std::clamp(middle, min_millis(), max_millis());
  }
  return max_millis();
}

std::uint64_t Sketch::count_at_most(double millis) const {
  if (!(millis >= 0)) return 0;
  if (count_ > 0 && millis >= max_millis()) return count_;
  std::uint64_t total = zero_count_;
  for (std::size_t i = 0; i < counts_.size() && first_ + i + 1 < kBucketCount; ++i) {
    if (upper_bound(sketch_index(first_ + i)) > millis) break;
    total += counts_[i];
  }
  return total;
}

void Sketch::encode(std::string& out) const {
  put(out, kFormat);
  put(out, static_cast<std::uint8_t>(kScale));
  for (const std::uint64_t n : {count_, zero_count_, sum_micros_, min_micros_, max_micros_}) {
    put(out, n);
  }
  const auto used = std::count_if(counts_.begin(), counts_.end(), [](auto n) { return n > 0; });
  put(out, static_cast<std::uint16_t>(used));
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    put(out, static_cast<std::uint16_t>(first_ + i));
    put(out, counts_[i]);
  }
}

Result<Sketch> Sketch::decode(std::string_view& in) {
  Reader reader(in);
  const auto format = reader.take<std::uint8_t>();
  const auto scale = reader.take<std::uint8_t>();
  if (!reader.ok) return corrupt("ends before its format and scale");
  if (format != kFormat || scale != kScale) return corrupt("format or scale is not known");
  Sketch sketch;
  for (auto* n : {&sketch.count_, &sketch.zero_count_, &sketch.sum_micros_, &sketch.min_micros_,
                  &sketch.max_micros_}) {
    *n = reader.take<std::uint64_t>();
  }
  const auto used = reader.take<std::uint16_t>();
  if (used > kBucketCount) return corrupt("more buckets than a sketch has");
  std::size_t next = 0;
  std::uint64_t total = 0;
  bool saturated = false;
  for (std::uint16_t i = 0; i < used; ++i) {
    const auto index = reader.take<std::uint16_t>();
    const auto count = reader.take<std::uint32_t>();
    if (!reader.ok) break;
    if (index < next || index >= kBucketCount || count == 0) {
      return corrupt("a bucket is empty, repeated, out of order or out of range");
    }
    next = index + std::size_t{1};
    sketch.bucket(index) = count;
    total += count;
    saturated = saturated || count == std::numeric_limits<std::uint32_t>::max();
  }
  if (!reader.ok) return corrupt("ends early");
  if (sketch.zero_count_ > sketch.count_) return corrupt("more zeros than values");
  const std::uint64_t above_zero = sketch.count_ - sketch.zero_count_;
  if (total > above_zero || (total < above_zero && !saturated)) {
    return corrupt("the buckets do not add up to the count");
  }
  const bool has_range = sketch.min_micros_ <= sketch.max_micros_;
  if (has_range != (sketch.count_ > 0)) return corrupt("minimum and maximum contradict the count");
  return sketch;
}

}  // namespace tallygate::router
