/* SPDX-License-Identifier: Apache-2.0 */
/* oid.h - object identifiers that have a meaning here. Private to builtins/crypto. */
#ifndef CHIMERA_REGO_OID_H
#define CHIMERA_REGO_OID_H

#include "runtime/base/slice.h"

/* X(name, as DER has it without its header). The uses of keys come first, numbered as Go numbers
 * them. */
#define OID_MAP(X)                                                                            \
    X(USE_ANY, "\x55\x1D\x25\x00")                              /* 2.5.29.37.0 */             \
    X(USE_SERVER_AUTH, "\x2B\x06\x01\x05\x05\x07\x03\x01")      /* 1.3.6.1.5.5.7.3.1 */       \
    X(USE_CLIENT_AUTH, "\x2B\x06\x01\x05\x05\x07\x03\x02")      /* 1.3.6.1.5.5.7.3.2 */       \
    X(USE_CODE_SIGNING, "\x2B\x06\x01\x05\x05\x07\x03\x03")     /* 1.3.6.1.5.5.7.3.3 */       \
    X(USE_EMAIL_PROTECTION, "\x2B\x06\x01\x05\x05\x07\x03\x04") /* 1.3.6.1.5.5.7.3.4 */       \
    X(USE_IPSEC_END_SYSTEM, "\x2B\x06\x01\x05\x05\x07\x03\x05") /* 1.3.6.1.5.5.7.3.5 */       \
    X(USE_IPSEC_TUNNEL, "\x2B\x06\x01\x05\x05\x07\x03\x06")     /* 1.3.6.1.5.5.7.3.6 */       \
    X(USE_IPSEC_USER, "\x2B\x06\x01\x05\x05\x07\x03\x07")       /* 1.3.6.1.5.5.7.3.7 */       \
    X(USE_TIME_STAMPING, "\x2B\x06\x01\x05\x05\x07\x03\x08")    /* 1.3.6.1.5.5.7.3.8 */       \
    X(USE_OCSP_SIGNING, "\x2B\x06\x01\x05\x05\x07\x03\x09")     /* 1.3.6.1.5.5.7.3.9 */       \
    X(USE_MICROSOFT_GATED_CRYPTO,                                                             \
      "\x2B\x06\x01\x04\x01\x82\x37\x0A\x03\x03") /* 1.3.6.1.4.1.311.10.3.3 */                \
    X(USE_NETSCAPE_GATED_CRYPTO,                                                              \
      "\x60\x86\x48\x01\x86\xF8\x42\x04\x01") /* 2.16.840.1.113730.4.1 */                     \
    X(USE_MICROSOFT_COMMERCIAL_SIGNING,                                                       \
      "\x2B\x06\x01\x04\x01\x82\x37\x02\x01\x16") /* 1.3.6.1.4.1.311.2.1.22 */                \
    X(USE_MICROSOFT_KERNEL_SIGNING,                                                           \
      "\x2B\x06\x01\x04\x01\x82\x37\x3D\x01\x01")                /* 1.3.6.1.4.1.311.61.1.1 */ \
    X(RSA, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01")               /* 1.2.840.113549.1.1.1 */   \
    X(DSA, "\x2A\x86\x48\xCE\x38\x04\x01")                       /* 1.2.840.10040.4.1 */      \
    X(EC, "\x2A\x86\x48\xCE\x3D\x02\x01")                        /* 1.2.840.10045.2.1 */      \
    X(X25519, "\x2B\x65\x6E")                                    /* 1.3.101.110 */            \
    X(ED25519, "\x2B\x65\x70")                                   /* 1.3.101.112 */            \
    X(P224, "\x2B\x81\x04\x00\x21")                              /* 1.3.132.0.33 */           \
    X(P256, "\x2A\x86\x48\xCE\x3D\x03\x01\x07")                  /* 1.2.840.10045.3.1.7 */    \
    X(P384, "\x2B\x81\x04\x00\x22")                              /* 1.3.132.0.34 */           \
    X(P521, "\x2B\x81\x04\x00\x23")                              /* 1.3.132.0.35 */           \
    X(MD5_RSA, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04")           /* 1.2.840.113549.1.1.4 */   \
    X(SHA1_RSA, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05")          /* 1.2.840.113549.1.1.5 */   \
    X(SHA1_RSA_ISO, "\x2B\x0E\x03\x02\x1D")                      /* 1.3.14.3.2.29 */          \
    X(SHA256_RSA, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B")        /* 1.2.840.113549.1.1.11 */  \
    X(SHA384_RSA, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C")        /* 1.2.840.113549.1.1.12 */  \
    X(SHA512_RSA, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D")        /* 1.2.840.113549.1.1.13 */  \
    X(PSS, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A")               /* 1.2.840.113549.1.1.10 */  \
    X(MGF1, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08")              /* 1.2.840.113549.1.1.8 */   \
    X(DSA_SHA1, "\x2A\x86\x48\xCE\x38\x04\x03")                  /* 1.2.840.10040.4.3 */      \
    X(DSA_SHA256, "\x60\x86\x48\x01\x65\x03\x04\x03\x02")        /* 2.16.840.1.101.3.4.3.2 */ \
    X(ECDSA_SHA1, "\x2A\x86\x48\xCE\x3D\x04\x01")                /* 1.2.840.10045.4.1 */      \
    X(ECDSA_SHA256, "\x2A\x86\x48\xCE\x3D\x04\x03\x02")          /* 1.2.840.10045.4.3.2 */    \
    X(ECDSA_SHA384, "\x2A\x86\x48\xCE\x3D\x04\x03\x03")          /* 1.2.840.10045.4.3.3 */    \
    X(ECDSA_SHA512, "\x2A\x86\x48\xCE\x3D\x04\x03\x04")          /* 1.2.840.10045.4.3.4 */    \
    X(SHA256, "\x60\x86\x48\x01\x65\x03\x04\x02\x01")            /* 2.16.840.1.101.3.4.2.1 */ \
    X(SHA384, "\x60\x86\x48\x01\x65\x03\x04\x02\x02")            /* 2.16.840.1.101.3.4.2.2 */ \
    X(SHA512, "\x60\x86\x48\x01\x65\x03\x04\x02\x03")            /* 2.16.840.1.101.3.4.2.3 */ \
    X(AUTHORITY_INFO, "\x2B\x06\x01\x05\x05\x07\x01\x01")        /* 1.3.6.1.5.5.7.1.1 */      \
    X(INFO_OCSP, "\x2B\x06\x01\x05\x05\x07\x30\x01")             /* 1.3.6.1.5.5.7.48.1 */     \
    X(INFO_ISSUERS, "\x2B\x06\x01\x05\x05\x07\x30\x02")          /* 1.3.6.1.5.5.7.48.2 */     \
    X(EXTENSION_REQUEST, "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x0E") /* 1.2.840.113549.1.9.14 */  \
    X(ANY_POLICY, "\x55\x1D\x20\x00")                            /* 2.5.29.32.0 */

enum chimera_oid {
#define X(name, bytes) OID_##name,
    OID_MAP(X)
#undef X
};

#define OID_USES 14

/* Compares what DER has without its header. */
static inline bool chimera_oid_is(struct chimera_slice oid, enum chimera_oid which)
{
    static const struct {
        const char *bytes;
        size_t size;
    } known[] = {
#define X(name, bytes) [OID_##name] = {bytes, sizeof(bytes) - 1},
        OID_MAP(X)
#undef X
    };
    return oid.size == known[which].size && memcmp(oid.data, known[which].bytes, oid.size) == 0;
}

#endif
