/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LOG_H
#define TACH_LOG_H

/* Messages for people, on stderr, one line each: what, on what, why, what to do. */

#define TACH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Print "tachyon-bpf: error: ..." and return err, so that code and message are one expression:
 *	return tach_error(-errno, "cannot open %s: %s", path, strerror(errno));
 */
int tach_error(int err, const char *fmt, ...) TACH_PRINTF(2, 3);

/* Print "tachyon-bpf: warning: ..."; the work goes on. */
void tach_warn(const char *fmt, ...) TACH_PRINTF(1, 2);

/* Print only with --verbose. */
void tach_debug(const char *fmt, ...) TACH_PRINTF(1, 2);
void tach_log__set_verbose(int verbose);

/* Why something failed, for a caller that decides whether to say it: a look-up that is tried again a
 * moment later stays silent. text is one line without the program's name and without newline. */
struct tach_why {
	char text[768];
};

/* Set why->text (why may be NULL) and return err. */
int tach_why__set(struct tach_why *why, int err, const char *fmt, ...) TACH_PRINTF(3, 4);

#endif
