#include "gateway/api/operation/backup.h"

#include "gateway/api/shapes/answers.h"
#include "gateway/api/shapes/json_text.h"
#include "gateway/api/shapes/timestamps.h"

namespace tallygate::api {
namespace {

constexpr double kMaxPathBytes = 4096;

constexpr Field kNewBackupFields[] = {
    {.name = "folder",
     .type = FieldType::string,
     .required = true,
     .note = "Absolute path of the folder of backups on the gate's machine, outside of store.path.",
     .min = 1,
     .max = kMaxPathBytes},
};

constexpr Field kBackupFields[] = {
    {.name = "number",
     .type = FieldType::integer,
     .required = true,
     .note = "What `tallygate restore --number` takes."},
    {.name = "folder", .type = FieldType::string, .required = true},
    {.name = "made_at", .type = FieldType::timestamp, .required = true},
    {.name = "bytes",
     .type = FieldType::integer,
     .required = true,
     .note = "Of its files, those shared with other backups included."},
};

Result<store::Backup> make(const AdminRequest& request, const AdminContext& context,
                           std::string& folder) {
  const auto body = read_body(request, kNewBackup);
  if (!body) return body.error();
  folder = body->at("folder").as_string();
  // The gate's working directory is nobody's business.
  if (folder.front() != '/' || folder.find('\0') != std::string::npos) {
    return make_error(Errc::invalid_parameter,
                      "folder must be an absolute path on the gate's machine, such as "
                      "\"/backups/tallygate\".",
                      "folder");
  }
  if (auto fits = store::check_backup_folder(folder, context.settings.store.path); !fits) {
    return fits.error();
  }
  return context.backup(folder);
}

}  // namespace

const Fields kNewBackup{.name = "NewBackup", .fields = kNewBackupFields};
const Fields kBackup{.name = "Backup", .fields = kBackupFields};

AdminResponse answer_backup(const AdminRequest& request, std::string_view,
                            const AdminContext& context) {
  std::string folder;
  const auto made = make(request, context, folder);
  if (!made) return error_answer(request, made.error());
  JsonText json;
  json.open('{');
  json.add("number", std::uint64_t{made->number});
  json.add("folder", folder);
  json.add("made_at", render_rfc3339(made->made));
  json.add("bytes", made->bytes);
  json.close('}');
  return json_answer(json.take(), 201);
}

}  // namespace tallygate::api
