// CORM_TEST_OWN_NEW: 1 where a test program may replace operator new, and so count what is allocated.
#pragma once

// The runtime of clang's thread sanitizer is linked in with an operator new of its own.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CORM_TEST_OWN_NEW 0
#endif
#endif
#ifndef CORM_TEST_OWN_NEW
#define CORM_TEST_OWN_NEW 1
#endif
