#include "gateway/wire/splice.h"

#include "gateway/wire/errors.h"

namespace tallygate::wire {
namespace {

struct Edit {
  Span where;  ///< size 0 = insert before
  std::string_view text;
};

Edit usage_edit(const BodyFacts& facts) {
  const Span& options = facts.stream_options_value;
  if (!options.present()) {
    return {{facts.last_brace.offset, 0}, R"(,"stream_options":{"include_usage":true})"};
  }
  if (!facts.has_stream_options) return {options, R"({"include_usage":true})"};
  if (facts.include_usage_value.present()) return {facts.include_usage_value, "true"};
  const Span first_member{options.offset + 1, 0};
  if (facts.empty_stream_options) return {first_member, R"("include_usage":true)"};
  return {first_member, R"("include_usage":true,)"};
}

// Adds what lies between `from` and the edit, then the edit; returns where the rest starts.
std::size_t apply(SplicedBody& out, std::string_view body, std::size_t from, const Edit& edit) {
  out.add(body.substr(from, edit.where.offset - from));
  out.add(edit.text);
  return edit.where.offset + edit.where.size;
}

}  // namespace

SplicedBody splice_body(std::string_view body, const BodyFacts& facts,
                        std::string_view model_literal, bool inject_usage) {
  SplicedBody out;
  const Edit model{facts.model_value, model_literal};
  std::size_t at = 0;
  if (inject_usage && facts.stream && !facts.include_usage) {
    const Edit usage = usage_edit(facts);
    const bool usage_first = usage.where.offset < model.where.offset;
    at = apply(out, body, at, usage_first ? usage : model);
    at = apply(out, body, at, usage_first ? model : usage);
  } else {
    at = apply(out, body, at, model);
  }
  out.add(body.substr(at));
  return out;
}

SplicedBody splice_multipart(std::string_view body, const MultipartFacts& facts,
                             std::string_view model) {
  SplicedBody out;
  out.add(body.substr(apply(out, body, 0, {facts.model_value, model})));
  return out;
}

std::string json_literal(std::string_view text) {
  std::string out = "\"";
  append_json_escaped(out, text);
  out += '"';
  return out;
}

}  // namespace tallygate::wire
