/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - what may be wrong with a certificate or its path, in webpki's names and ranks: of
 * several faults of several paths, the one of the highest rank is told.
 */
#ifndef CHIMERA_PLUGINS_CRYPTO_FAULT_H
#define CHIMERA_PLUGINS_CRYPTO_FAULT_H

#define FAULT_MAP(X)                                                            \
    X(FAULT_NONE, -1, "")                                                       \
    X(FAULT_EXPIRED, 290, "CertExpired")                                        \
    X(FAULT_NOT_YET, 290, "CertNotValidYet")                                    \
    X(FAULT_SIGNATURE, 260, "InvalidSignatureForPublicKey")                     \
    X(FAULT_TWO_ALGORITHMS, 250, "SignatureAlgorithmMismatch")                  \
    X(FAULT_NO_USAGE, 245, "EmptyEkuExtension")                                 \
    X(FAULT_NAME, 230, "NameConstraintViolation")                               \
    X(FAULT_PATH_LENGTH, 220, "PathLenConstraintViolated")                      \
    X(FAULT_AUTHORITY, 210, "CaUsedAsEndEntity")                                \
    X(FAULT_NO_AUTHORITY, 210, "EndEntityUsedAsCa")                             \
    X(FAULT_VALIDITY, 190, "InvalidCertValidity")                               \
    X(FAULT_ALGORITHM_OF_KEY, 150, "UnsupportedSignatureAlgorithmForPublicKey") \
    X(FAULT_ALGORITHM, 140, "UnsupportedSignatureAlgorithm")                    \
    X(FAULT_CRITICAL, 130, "UnsupportedCriticalExtension")                      \
    X(FAULT_VERSION, 130, "UnsupportedCertVersion")                             \
    X(FAULT_DEPTH, 61, "MaximumPathDepthExceeded")                              \
    X(FAULT_TRAILING, 40, "TrailingData(Certificate)")                          \
    X(FAULT_SIGNED_DATA, 40, "TrailingData(SignedData)")                        \
    X(FAULT_EXTENSION, 30, "ExtensionValueInvalid")                             \
    X(FAULT_TIME, 20, "BadDerTime")                                             \
    X(FAULT_DER, 10, "BadDer")                                                  \
    X(FAULT_UNKNOWN_ISSUER, 0, "UnknownIssuer")                                 \
    /* These end the search. */                                                 \
    X(FAULT_SIGNATURES, 1000, "MaximumSignatureChecksExceeded")                 \
    X(FAULT_CALLS, 1000, "MaximumPathBuildCallsExceeded")                       \
    X(FAULT_LATE, 1000, "no answer in time")

enum fault {
#define X(name, rank, text) name,
    FAULT_MAP(X)
#undef X
};

const char *fault_text(enum fault fault);
int fault_rank(enum fault fault);

#endif
