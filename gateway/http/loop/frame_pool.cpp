#include "gateway/http/loop/frame_pool.h"

#include <array>
#include <new>

namespace tallygate::http {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kKeepsFrames = false;
#else
constexpr bool kKeepsFrames = true;
#endif

constexpr std::size_t kStep = 64;
constexpr std::size_t kClasses = 32;   ///< up to 2 KiB
constexpr std::size_t kMostKept = 64;  ///< of each size

struct FreeFrame {
  FreeFrame* next;
};

struct Shelf {
  FreeFrame* first = nullptr;
  std::size_t count = 0;
};

struct Shelves {
  ~Shelves() {
    for (Shelf& shelf : by_class) {
      while (shelf.first != nullptr) {
        FreeFrame* frame = shelf.first;
        shelf.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
  std::array<Shelf, kClasses> by_class;
};

thread_local Shelves shelves;

constexpr std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kStep; }

}  // namespace

void* take_frame(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (!kKeepsFrames || size_class >= kClasses) return ::operator new(bytes);
  Shelf& shelf = shelves.by_class[size_class];
  if (shelf.first == nullptr) return ::operator new((size_class + 1) * kStep);
  FreeFrame* frame = shelf.first;
  shelf.first = frame->next;
  --shelf.count;
  return frame;
}

void give_back_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (kKeepsFrames && size_class < kClasses) {
    Shelf& shelf = shelves.by_class[size_class];
    if (shelf.count < kMostKept) {
      shelf.first = new (frame) FreeFrame{shelf.first};
      ++shelf.count;
      return;
    }
  }
  ::operator delete(frame);
}

}  // namespace tallygate::http
