#pragma once
// A RocksDB environment whose disk refuses appends while it is told to, or from the nth on, and
// says that it has as much room as it is told.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace tallygate::testing {

/// Shared by the environment and its files.
struct DiskFault {
  std::atomic<bool> full{false};
  std::atomic<bool> read_only{false};
  std::atomic<std::uint64_t> free_bytes{UINT64_MAX};
  std::atomic<std::int64_t> appends_left{INT64_MAX};  ///< then the disk is full
  std::atomic<std::uint64_t> refused{0};

  rocksdb::IOStatus next() {
    if (appends_left.fetch_sub(1) <= 0) full.store(true);
    if (!full.load() && !read_only.load()) return rocksdb::IOStatus::OK();
    refused.fetch_add(1);
    if (read_only.load()) return rocksdb::IOStatus::IOError("Read-only file system");
    return rocksdb::IOStatus::NoSpace("the test's disk is full");
  }
};

class FailingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile> file, DiskFault& fault)
      : FSWritableFileOwnerWrapper(std::move(file)), fault_(fault) {}

  using FSWritableFileOwnerWrapper::Append;
  using FSWritableFileOwnerWrapper::PositionedAppend;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    const auto status = fault_.next();
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, context) : status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }

 private:
  DiskFault& fault_;
};

class FailingFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit FailingFileSystem(DiskFault& fault)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), fault_(fault) {}

  const char* Name() const override { return "failing"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const auto status = FileSystemWrapper::NewWritableFile(path, options, file, context);
    // The log for people is not what is tested, and RocksDB ignores its errors.
    if (status.ok() && path.find("LOG") == std::string::npos) {
      *file = std::make_unique<FailingFile>(std::move(*file), fault_);
    }
    return status;
  }
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* free_bytes,
                                 rocksdb::IODebugContext* context) override {
    *free_bytes = fault_.free_bytes.load();
    if (*free_bytes != UINT64_MAX) return rocksdb::IOStatus::OK();
    return FileSystemWrapper::GetFreeSpace(path, options, free_bytes, context);
  }

 private:
  DiskFault& fault_;
};

struct FailingEnv {
  DiskFault fault;
  std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<FailingFileSystem>(fault));
};

}  // namespace tallygate::testing
