// Box<T>: an optional struct on the heap that copies deeply: Go's pointer to a nested object.
//
// Used for every optional nested struct of the API types, so that objects stay small. It has
// std::optional's interface; an empty Box is an absent field. `*` and `->` on an empty Box are
// undefined, as with optional.
#pragma once

#include <memory>
#include <utility>

namespace podctl::api {

template <class T>
class Box {
 public:
  Box() = default;
  Box(T value) : ptr_(std::make_unique<T>(std::move(value))) {}  // NOLINT: as optional converts
  Box(const Box& other) : ptr_(other.ptr_ ? std::make_unique<T>(*other.ptr_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    if (this != &other) ptr_ = other.ptr_ ? std::make_unique<T>(*other.ptr_) : nullptr;
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  ~Box() = default;

  bool has_value() const { return ptr_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  T& operator*() { return *ptr_; }
  const T& operator*() const { return *ptr_; }
  T* operator->() { return ptr_.get(); }
  const T* operator->() const { return ptr_.get(); }
  // The address of the value, or null.
  T* get() { return ptr_.get(); }
  const T* get() const { return ptr_.get(); }

  T& emplace() {
    ptr_ = std::make_unique<T>();
    return *ptr_;
  }
  // The value, made empty when absent.
  T& ensure() { return ptr_ ? *ptr_ : emplace(); }
  void reset() { ptr_.reset(); }

 private:
  std::unique_ptr<T> ptr_;
};

}  // namespace podctl::api
