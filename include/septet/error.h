#ifndef SEPTET_ERROR_H
#define SEPTET_ERROR_H

#include "septet/address.h"

#ifdef __cplusplus
extern "C" {
#endif

/** SEPTET_OK and the negative numbers that functions return instead of a result. */
enum septet_error {
#define SEPTET_ERROR(name, number, text) SEPTET_##name = (number),
#include "septet/error.def"
#undef SEPTET_ERROR
};

/** A sentence about an error, without a full stop; "unknown error" for other numbers. Static, never NULL. */
SEPTET_API const char *septet_error_text(int error);

/** The error's name as in this header, without SEPTET_ ("TIMED_OUT"). Static, never NULL. */
SEPTET_API const char *septet_error_name(int error);

#ifdef __cplusplus
}
#endif
#endif
