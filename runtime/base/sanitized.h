/* SPDX-License-Identifier: Apache-2.0 */
/* sanitized.h - which sanitizer this build has. */
#ifndef CHIMERA_BASE_SANITIZED_H
#define CHIMERA_BASE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define CHIMERA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHIMERA_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CHIMERA_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHIMERA_TSAN 1
#endif
#endif

#endif
