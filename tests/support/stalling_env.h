#pragma once
// A RocksDB environment whose write-ahead log stands still while it is told to.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

namespace tallygate::testing {

/// Appends wait while it is shut.
class Gate {
 public:
  void shut() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
};

class StallingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  StallingFile(std::unique_ptr<rocksdb::FSWritableFile> file, Gate& gate)
      : FSWritableFileOwnerWrapper(std::move(file)), gate_(gate) {}

  using FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    gate_.pass();
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }

 private:
  Gate& gate_;
};

class StallingFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit StallingFileSystem(Gate& gate)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), gate_(gate) {}

  const char* Name() const override { return "stalling"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const auto status = FileSystemWrapper::NewWritableFile(path, options, file, context);
    if (status.ok() && path.ends_with(".log")) {
      *file = std::make_unique<StallingFile>(std::move(*file), gate_);
    }
    return status;
  }

 private:
  Gate& gate_;
};

struct StallingEnv {
  Gate gate;
  std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<StallingFileSystem>(gate));
};

}  // namespace tallygate::testing
