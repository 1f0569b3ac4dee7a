#ifndef BUILD_RULES_WASM32_PTHREAD_H_
#define BUILD_RULES_WASM32_PTHREAD_H_

// The mutex functions that asmjit names, for wasm32, where there are no
// threads: a lock is always free, so locking does nothing. It is a C header
// on the system include path of wasm32_module, nowhere else.

typedef int pthread_mutex_t;

#define PTHREAD_MUTEX_INITIALIZER 0

static inline int pthread_mutex_init(pthread_mutex_t* mutex, const void* how) {
  (void)how;
  *mutex = PTHREAD_MUTEX_INITIALIZER;
  return 0;
}

static inline int pthread_mutex_destroy(pthread_mutex_t* mutex) {
  (void)mutex;
  return 0;
}

static inline int pthread_mutex_lock(pthread_mutex_t* mutex) {
  (void)mutex;
  return 0;
}

static inline int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  (void)mutex;
  return 0;
}

#endif  // BUILD_RULES_WASM32_PTHREAD_H_
