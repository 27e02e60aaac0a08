/* HTTP requests in pieces, and their answers from an empty directory. The first byte says how long the pieces are. */
#include "serve/http_response.h"
#include "serve/http_root.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    static struct buffer bytes = {.limit = 1 << 20};
    static int root = -1;
    struct http_response response;
    enum http_progress progress = HTTP_MORE;
    http_parser parser;
    size_t step, at = 1;

    if (root < 0) {
        char directory[] = "/tmp/septet-fuzz-XXXXXX";

        /* The descriptor keeps the directory when its name is gone. */
        if (mkdtemp(directory) == NULL || (root = http_root_open(directory)) < 0 || rmdir(directory) != 0) {
            abort();
        }
    }
    if (size == 0) {
        return 0;
    }
    step = data[0] == 0 ? size : data[0];
    http_request_parser(&parser);
    while (at < size) {
        http_request_begin(&request);
        for (progress = HTTP_MORE; progress == HTTP_MORE && at < size;) {
            size_t part = size - at < step ? size - at : step;
            size_t taken = 0;

            progress = http_request_read(&parser, &request, data + at, part, &taken);
            if (taken > part || (progress == HTTP_MORE && taken != part) || request.url_length > HTTP_URL_MAX) {
                abort();
            }
            at += taken;
        }
        if (progress != HTTP_COMPLETE) {
            break;
        }
        http_respond(root, &request, &bytes, &response);
        if (response.file >= 0) {
            close(response.file);
        }
        if (bytes.failed || memcmp(bytes.bytes, "HTTP/1.1 ", 9) != 0) {
            abort();
        }
    }
    if (progress == HTTP_REFUSED && request.status < 400) {
        abort();
    }
    return 0;
}
