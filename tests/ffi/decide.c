/*
 * A C program that uses every function of the library: loads a policy, decides for the requests of a file, one per line, and
 * prints the answers; walks through every way to fail; decides from two threads at once; and over and over, for a tool that looks for leaks.
 * It prints answers alone, and ends with 0 when everything it expects holds.
 *
 *     decide POLICY.ron REQUESTS.jsonl [TURNS]
 */
#include "attune.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                  \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);        \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    EXPECT(file != NULL);
    EXPECT(fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    EXPECT(size >= 0);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    EXPECT(bytes != NULL);
    EXPECT(fread(bytes, 1, (size_t)size, file) == (size_t)size);
    bytes[size] = '\0';
    fclose(file);
    *length = (size_t)size;
    return bytes;
}

/* That a request is refused with a status, in words that contain a part. */
static void refused(const attune_policy *policy, const char *request, attune_status expected, const char *part) {
    char *decision = (char *)1, *error = NULL;
    attune_status status = attune_decide(policy, request, request ? strlen(request) : 0, &decision, &error);
    EXPECT(status == expected);
    EXPECT(decision == NULL);
    EXPECT(error != NULL);
    if (strstr(error, part) == NULL) {
        fprintf(stderr, "expected “%s” in “%s”\n", part, error);
        exit(1);
    }
    attune_string_free(error);
    /* The same without words. */
    EXPECT(attune_decide(policy, request, request ? strlen(request) : 0, &decision, NULL) == expected);
}

/* The public key of RFC 8032, 7.1, test 1. */
static const char key[] = "attune public key 1\nname: RFC 8032\n"
                          "ed25519: d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n";

static void every_way_to_fail(const attune_policy *policy, const char *bytes, size_t length) {
    attune_policy *loaded = (attune_policy *)1;
    char *error = NULL, *text = NULL;

    EXPECT(attune_policy_load(NULL, 12, NULL, &loaded, &error) == ATTUNE_BAD_ARGUMENT);
    EXPECT(loaded == NULL && error != NULL);
    attune_string_free(error);
    EXPECT(attune_policy_load((const uint8_t *)bytes, length, NULL, NULL, &error) == ATTUNE_BAD_ARGUMENT);
    attune_string_free(error);
    EXPECT(attune_policy_load((const uint8_t *)"garbage", 7, NULL, &loaded, &error) == ATTUNE_POLICY_REFUSED);
    EXPECT(strstr(error, "not a policy file") != NULL);
    attune_string_free(error);
    EXPECT(attune_policy_load((const uint8_t *)"\xff\xfe", 2, NULL, &loaded, &error) == ATTUNE_POLICY_REFUSED);
    attune_string_free(error);
    EXPECT(attune_policy_load((const uint8_t *)bytes, 0, NULL, &loaded, &error) == ATTUNE_POLICY_REFUSED);
    attune_string_free(error);
    /* Cut off, at every hundredth byte. */
    for (size_t cut = 0; cut < length; cut += 100) {
        EXPECT(attune_policy_load((const uint8_t *)bytes, cut, NULL, &loaded, NULL) == ATTUNE_POLICY_REFUSED);
        EXPECT(loaded == NULL);
    }

    EXPECT(attune_policy_info(NULL, &text, &error) == ATTUNE_BAD_ARGUMENT);
    attune_string_free(error);
    EXPECT(attune_policy_info(policy, NULL, NULL) == ATTUNE_BAD_ARGUMENT);
    EXPECT(attune_decide(policy, "{}", 2, NULL, NULL) == ATTUNE_BAD_ARGUMENT);

    /* A signature that is required and not there; a key that is none. */
    attune_verification *asked = NULL;
    EXPECT(attune_verification_new(&asked, &error) == ATTUNE_OK && asked != NULL);
    EXPECT(attune_verification_require(asked, "release", "garbage", &error) == ATTUNE_SIGNATURE_REFUSED);
    EXPECT(strstr(error, "not a key file") != NULL);
    attune_string_free(error);
    EXPECT(attune_verification_require(asked, "release", key, &error) == ATTUNE_OK);
    EXPECT(attune_policy_load((const uint8_t *)bytes, length, asked, &loaded, &error) == ATTUNE_SIGNATURE_REFUSED);
    EXPECT(loaded == NULL && strstr(error, "a signature of `release` is required") != NULL);
    attune_string_free(error);
    EXPECT(attune_verification_signature(asked, (const uint8_t *)"garbage", 7, &error) == ATTUNE_OK);
    EXPECT(attune_verification_file(asked, "book.md", (const uint8_t *)"# Book", 6, &error) == ATTUNE_OK);
    EXPECT(attune_policy_load((const uint8_t *)bytes, length, asked, &loaded, &error) == ATTUNE_SIGNATURE_REFUSED);
    EXPECT(strstr(error, "not a signature of a policy") != NULL);
    attune_string_free(error);
    attune_verification_free(asked);
    attune_verification_free(NULL);

    refused(NULL, "{}", ATTUNE_BAD_ARGUMENT, "`policy` is a null pointer");
    refused(policy, NULL, ATTUNE_BAD_ARGUMENT, "`request` is a null pointer");
    refused(policy, "{\"subject\": \"\xff\"}", ATTUNE_NOT_UTF8, "byte 13");
    refused(policy, "", ATTUNE_REQUEST_REFUSED, "line 1, column 1");
    refused(policy, "{\"subject\": \"ben\", ", ATTUNE_REQUEST_REFUSED, "it was cut off");
    refused(policy, "[]", ATTUNE_REQUEST_REFUSED, "expected a request");
    refused(policy, "{\"now\": 0}", ATTUNE_REQUEST_REFUSED, "has no `subject`");
    refused(policy, "{\"subject\": \"ben\"}", ATTUNE_REQUEST_REFUSED, "has no `now`");
    refused(policy, "{\"subject\": \"ben\", \"now\": \"yesterday\"}", ATTUNE_REQUEST_REFUSED, "expected an instant");
    refused(policy, "{\"subject\": \"ben\", \"recency\": 3}", ATTUNE_REQUEST_REFUSED, "write it inside `fields`");
    refused(policy, "{\"fields\": {\"recencyy\": 3}}", ATTUNE_REQUEST_REFUSED, "did you mean `recency`?");
    refused(policy, "{\"fields\": {\"recency\": \"3\"}}", ATTUNE_REQUEST_REFUSED, "expected a whole number");
    refused(policy, "{\"events\": [{\"time\": 0}]}", ATTUNE_REQUEST_REFUSED, "this event has no `event`");

    attune_policy_free(NULL);
    attune_string_free(NULL);
}

/* The requests, one per line, and the answers they should get. */
struct work {
    const attune_policy *policy;
    char **requests;
    char **answers;
    size_t count;
    int turns;
};

static void *decide_all(void *argument) {
    const struct work *work = argument;
    for (int turn = 0; turn < work->turns; turn++) {
        for (size_t i = 0; i < work->count; i++) {
            char *answer = NULL, *error = NULL;
            const char *request = work->requests[i];
            EXPECT(attune_decide(work->policy, request, strlen(request), &answer, &error) == ATTUNE_OK);
            EXPECT(error == NULL);
            EXPECT(strcmp(answer, work->answers[i]) == 0);
            attune_string_free(answer);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    EXPECT(argc >= 3);
    size_t length = 0, ignored = 0;
    char *bytes = read_file(argv[1], &length), *lines = read_file(argv[2], &ignored);
    int turns = argc > 3 ? atoi(argv[3]) : 100;
    EXPECT(attune_version()[0] != '\0');

    attune_policy *policy = NULL;
    char *error = NULL;
    if (attune_policy_load((const uint8_t *)bytes, length, NULL, &policy, &error) != ATTUNE_OK) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    EXPECT(policy != NULL && error == NULL);

    char *info = NULL;
    EXPECT(attune_policy_info(policy, &info, &error) == ATTUNE_OK);
    puts(info);
    attune_string_free(info);

    /* One answer per request, printed and kept. */
    char *requests[64], *answers[64];
    size_t count = 0;
    for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        EXPECT(count < 64);
        if (attune_decide(policy, line, strlen(line), &answers[count], &error) != ATTUNE_OK) {
            fprintf(stderr, "%s\n%s\n", line, error);
            return 1;
        }
        puts(answers[count]);
        requests[count++] = line;
    }

    every_way_to_fail(policy, bytes, length);
    /* The library reads what it was given while the call lasts, and not after. */
    memset(bytes, 'x', length);

    /* Two threads, one policy: the same answers as before. */
    struct work work = {policy, requests, answers, count, turns};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) EXPECT(pthread_create(&threads[i], NULL, decide_all, &work) == 0);
    for (int i = 0; i < 2; i++) EXPECT(pthread_join(threads[i], NULL) == 0);

    for (size_t i = 0; i < count; i++) attune_string_free(answers[i]);
    attune_policy_free(policy);
    free(lines);
    free(bytes);
    return 0;
}
