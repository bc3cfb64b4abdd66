#include "podctl/node/object_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "podctl/base/unique_fd.hpp"

namespace podctl::node {
namespace {

constexpr int kSchema = 1;

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Db = std::unique_ptr<sqlite3, CloseDb>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Failure db_failure(sqlite3* db, std::string op, const std::string& path) {
  const int code = sqlite3_errcode(db);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return fail(
        Code::kCorrupt, std::move(op), path,
        std::string(sqlite3_errmsg(db)) +
            "; move the file away to start with no objects (running pods are then removed)");
  }
  if (code == SQLITE_FULL) return fail(Code::kExhausted, std::move(op), path, "no space left");
  return fail(Code::kIo, std::move(op), path, sqlite3_errmsg(db));
}

Result<Statement> prepare(sqlite3* db, const std::string& path, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    return db_failure(db, "read object store", path);
  }
  return Statement(raw);
}

Result<void> execute(sqlite3* db, const std::string& path, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return db_failure(db, "write object store", path);
  }
  return {};
}

void bind(sqlite3_stmt* s, int index, const std::string& text) {
  sqlite3_bind_text64(s, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::string column(sqlite3_stmt* s, int index) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, index));
  return text == nullptr ? std::string() : std::string(text, sqlite3_column_bytes(s, index));
}

Result<std::int64_t> single_number(sqlite3* db, const std::string& path, const char* sql) {
  auto statement = TRY(prepare(db, path, sql));
  const int step = sqlite3_step(statement.get());
  if (step == SQLITE_DONE) return 0;
  if (step != SQLITE_ROW) return db_failure(db, "read object store", path);
  return sqlite3_column_int64(statement.get(), 0);
}

// SQLite would make the file with the umask's mode; secrets will stand in it.
Result<void> make_private(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "open object store", path);
  if (::fchmod(fd.get(), 0600) != 0) return fail_errno(errno, "set mode of object store", path);
  return {};
}

Result<Db> open_db(const std::string& path) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Db db(raw);
  if (rc != SQLITE_OK) return db_failure(raw, "open object store", path);
  sqlite3_busy_timeout(raw, 2000);
  // Read once and then only written to: a small cache holds the tree's inner pages.
  TRY(execute(raw, path,
              "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-256;"));
  const auto schema = TRY(single_number(raw, path, "PRAGMA user_version"));
  if (schema > kSchema) {
    return fail(Code::kUnsupported, "open object store", path,
                "it was written by a newer podctl (schema " + std::to_string(schema) + ")");
  }
  if (schema == 0) {
    TRY(execute(
        raw, path,
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS objects(kind TEXT NOT NULL, namespace TEXT NOT NULL,"
        " name TEXT NOT NULL, uid TEXT NOT NULL, version INTEGER NOT NULL, json TEXT NOT NULL,"
        " memory TEXT NOT NULL, PRIMARY KEY(kind, namespace, name)) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS counter(id INTEGER PRIMARY KEY CHECK(id = 1),"
        " version INTEGER NOT NULL);"
        "INSERT OR IGNORE INTO counter VALUES(1, 1);"
        "PRAGMA user_version=1;"
        "COMMIT;"));
  }
  return db;
}

}  // namespace

// Owns the connection; after start() only its thread touches it.
class ObjectStore::Worker {
 public:
  struct Write {
    bool remove = false;
    StoredObject object;
    Done done;
  };

  Worker(Db db, std::string path, Post post)
      : path_(std::move(path)), post_(std::move(post)), db_(std::move(db)) {}

  Result<void> prepare_all() {
    begin_ = TRY(prepare(db_.get(), path_, "BEGIN IMMEDIATE"));
    commit_ = TRY(prepare(db_.get(), path_, "COMMIT"));
    put_ = TRY(
        prepare(db_.get(), path_,
                "INSERT INTO objects(kind, namespace, name, uid, version, json, memory)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(kind, namespace, name) DO UPDATE"
                " SET uid=?4, version=?5, json=?6, memory=?7"));
    remove_ = TRY(prepare(db_.get(), path_,
                          "DELETE FROM objects WHERE kind=?1 AND namespace=?2 AND name=?3"));
    count_ = TRY(prepare(db_.get(), path_, "UPDATE counter SET version=max(version, ?1)"));
    return {};
  }

  Result<std::vector<StoredObject>> load() {
    auto rows = TRY(prepare(db_.get(), path_,
                            "SELECT kind, namespace, name, uid, version, json, memory FROM objects"
                            " ORDER BY version"));
    std::vector<StoredObject> objects;
    int step = 0;
    while ((step = sqlite3_step(rows.get())) == SQLITE_ROW) {
      objects.push_back({column(rows.get(), 0), column(rows.get(), 1), column(rows.get(), 2),
                         column(rows.get(), 3),
                         static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 4)),
                         column(rows.get(), 5), column(rows.get(), 6)});
    }
    if (step != SQLITE_DONE) return db_failure(db_.get(), "read object store", path_);
    return objects;
  }

  void enqueue(Write write) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(write));
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    wake_.notify_one();
  }

  // Tries the removals again that failed.
  void retry() {
    {
      std::lock_guard lock(mutex_);
      if (!thread_.joinable()) return;
      retry_ = true;
    }
    wake_.notify_one();
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = retry_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    for (;;) {
      std::vector<Write> batch;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || retry_ || !queue_.empty(); });
        if (queue_.empty() && !retry_) return;
        retry_ = false;
        batch = std::exchange(owed_, {});
        std::ranges::move(queue_, std::back_inserter(batch));
        queue_.clear();
      }
      if (!batch.empty()) finish(std::move(batch));
    }
  }

  void finish(std::vector<Write> batch) {
    const Result<void> result = commit(batch);
    std::vector<Done> callbacks;
    for (auto& write : batch) {
      if (write.done) callbacks.push_back(std::exchange(write.done, {}));
      // What is gone must not come back with the next podctld.
      if (!result && write.remove) owed_.push_back(std::move(write));
    }
    if (callbacks.empty()) return;
    post_([result, callbacks = std::move(callbacks)] {
      for (const auto& done : callbacks) done(result);
    });
  }

  Result<void> commit(const std::vector<Write>& batch) {
    TRY(step(begin_.get()));
    auto written = write_all(batch);
    if (written) written = step(commit_.get());
    if (!written) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return written;
  }

  Result<void> write_all(const std::vector<Write>& batch) {
    std::uint64_t highest = 0;
    for (const auto& write : batch) {
      const auto& o = write.object;
      sqlite3_stmt* s = write.remove ? remove_.get() : put_.get();
      bind(s, 1, o.kind);
      bind(s, 2, o.ns);
      bind(s, 3, o.name);
      if (!write.remove) {
        bind(s, 4, o.uid);
        sqlite3_bind_int64(s, 5, static_cast<sqlite3_int64>(o.resource_version));
        bind(s, 6, o.json);
        bind(s, 7, o.memory);
      }
      TRY(step(s));
      highest = std::max(highest, o.resource_version);
    }
    sqlite3_bind_int64(count_.get(), 1, static_cast<sqlite3_int64>(highest));
    return step(count_.get());
  }

  Result<void> step(sqlite3_stmt* s) {
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE) {
      sqlite3_reset(s);
      return {};
    }
    Failure failure = db_failure(db_.get(), "write object store", path_);
    sqlite3_reset(s);
    return failure;
  }

  const std::string path_;
  const Post post_;
  Db db_;
  Statement begin_, commit_, put_, remove_, count_;  // after db_: finalised before it closes
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Write> queue_;
  std::vector<Write> owed_;  // the thread's own
  bool stopping_ = false, retry_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<ObjectStore>> ObjectStore::open(const std::string& path, Post post) {
  TRY(make_private(path));
  auto db = TRY(open_db(path));
  const auto version =
      TRY(single_number(db.get(), path, "SELECT version FROM counter WHERE id = 1"));
  auto worker = std::make_unique<Worker>(std::move(db), path, std::move(post));
  TRY(worker->prepare_all());
  return std::unique_ptr<ObjectStore>(
      new ObjectStore(std::move(worker), static_cast<std::uint64_t>(version)));
}

ObjectStore::ObjectStore(std::unique_ptr<Worker> worker, std::uint64_t version)
    : worker_(std::move(worker)), version_(version) {}

ObjectStore::~ObjectStore() { worker_->stop(); }

Result<std::vector<StoredObject>> ObjectStore::load() { return worker_->load(); }

void ObjectStore::put(StoredObject object, Done done) {
  worker_->enqueue({false, std::move(object), std::move(done)});
}

void ObjectStore::retry() { worker_->retry(); }

void ObjectStore::remove(std::string kind, std::string ns, std::string name, std::uint64_t version,
                         Done done) {
  StoredObject object;
  object.kind = std::move(kind);
  object.ns = std::move(ns);
  object.name = std::move(name);
  object.resource_version = version;
  worker_->enqueue({true, std::move(object), std::move(done)});
}

}  // namespace podctl::node
