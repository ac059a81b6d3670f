/*
 * attune.h: decisions of an Attune policy for programs written in C, or in anything that can call C.
 *
 * A policy file is loaded once. It then answers requests written in JSON with decisions written in JSON; README.md beside
 * this file lists their keys. The library reads no clock and opens no file: the caller brings the bytes of the policy, the instant
 * and the events, and the same three give the same answer on every machine.
 *
 *     attune_policy *policy = NULL;
 *     char *answer = NULL, *error = NULL;
 *     if (attune_policy_load(bytes, length, NULL, &policy, &error) == ATTUNE_OK) {
 *         const char *request = "{\"subject\": \"ben\", \"now\": \"2026-03-01T08:00:00Z\", \"fields\": {\"recency\": 3}}";
 *         if (attune_decide(policy, request, strlen(request), &answer, &error) == ATTUNE_OK) puts(answer);
 *     }
 *     if (error) fputs(error, stderr);
 *     attune_string_free(answer);
 *     attune_string_free(error);
 *     attune_policy_free(policy);
 *
 * Results.  A function that can fail returns a status and writes its result through a pointer. When it fails the result is
 * NULL, and `*error` says why in words: line and column, what was found, what was expected. When it works `*error` is
 * NULL. Whoever does not want the words passes NULL for `error`. What the pointers held before is overwritten, not freed.
 *
 * Ownership.  What a function writes belongs to the caller, who frees it once: policies with attune_policy_free, verifications
 * with attune_verification_free, texts with attune_string_free, never with free(). What the caller passes in stays the caller's and may be freed when the call returns.
 * NULL may be passed to the free functions.
 *
 * Threads.  A loaded policy never changes: any number of threads may decide with one policy at the same time, without a lock. It is
 * freed when no thread uses it any more. There is no state besides.
 *
 * Texts.  All are UTF-8. Texts that are written end with a zero byte; texts that are read have a length and need none.
 *
 * Defects.  Should a call run into a defect of the library it returns ATTUNE_DEFECT; the program goes on, and so does the
 * policy. Nothing unwinds through the caller. Only memory that cannot be had ends the process.
 */
#ifndef ATTUNE_H
#define ATTUNE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A loaded policy. */
typedef struct attune_policy attune_policy;

/* What is asked of a policy's signature. */
typedef struct attune_verification attune_verification;

/* How a call ended; the numbers never change, later versions may add some. */
typedef int32_t attune_status;

#define ATTUNE_OK ((attune_status)0)                /* it worked */
#define ATTUNE_BAD_ARGUMENT ((attune_status)1)      /* a pointer is NULL that must not be, or a length is no length */
#define ATTUNE_NOT_UTF8 ((attune_status)2)          /* a text is not UTF-8 */
#define ATTUNE_POLICY_REFUSED ((attune_status)3)    /* the policy is damaged, changed, of a newer format, or has findings */
#define ATTUNE_SIGNATURE_REFUSED ((attune_status)4) /* it is not signed as required, or a key is none */
#define ATTUNE_REQUEST_REFUSED ((attune_status)5)   /* the request is not JSON, names what is unknown, has a wrong type */
#define ATTUNE_DEFECT ((attune_status)6)            /* a defect of the library; please report it */

/* Version of the library, such as "0.1.0". The text is static: it is not freed. */
const char *attune_version(void);

/*
 * Loads the `length` bytes of a policy file at `bytes` into `*policy`. The whole file is read, checked against its revision,
 * and compiled, and its own cases are run; a policy that loads can decide.
 *
 * `verification` says which signature is required; with NULL none is, and a policy loads unsigned. Of a file that is not signed as
 * required nothing is read. It may be freed when the call returns, or used for the next policy.
 */
attune_status attune_policy_load(const uint8_t *bytes, size_t length, const attune_verification *verification,
                                 attune_policy **policy, char **error);

/* Frees a policy. */
void attune_policy_free(attune_policy *policy);

/* Writes into `*info` what is known of a policy: id, revision, fields of a request, candidates, models, warnings, in JSON. */
attune_status attune_policy_info(const attune_policy *policy, char **info, char **error);

/* Decides for the request in the `length` bytes of JSON at `request` and writes the decision into `*decision`, in JSON. */
attune_status attune_decide(const attune_policy *policy, const char *request, size_t length, char **decision,
                            char **error);

/*
 * A verification is made, told what is required and what the policy comes with, given to attune_policy_load, and freed. Unlike a
 * policy it changes: one thread at a time. Roles, keys and names end with a zero byte.
 */
attune_status attune_verification_new(attune_verification **verification, char **error);

/* Requires a signature of `role` by any one of its keys; `key` is the text of a public key's file. Call it once per key. */
attune_status attune_verification_require(attune_verification *verification, const char *role, const char *key,
                                          char **error);

/* Says that the policy comes with a signature: the `length` bytes of its file. A later one takes the place of an earlier. */
attune_status attune_verification_signature(attune_verification *verification, const uint8_t *signature, size_t length,
                                            char **error);

/* Says that the policy comes with another file of the signed set, by its name there. */
attune_status attune_verification_file(attune_verification *verification, const char *name, const uint8_t *bytes,
                                       size_t length, char **error);

/* Frees a verification. */
void attune_verification_free(attune_verification *verification);

/* Frees a text that a function of this library wrote: information, decision or error. */
void attune_string_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
