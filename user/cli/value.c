// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/choice.h"
#include "cli/optable.h"
#include "cli/value.h"

#define NS_PER_S 1e9
/* What Python strips, and takes for blanks around a number. */
#define BLANKS " \t\n\v\f\r"
/* perf_swevent_start_hrtimer() silently raises shorter periods to this (Linux v6.18,
 * kernel/events/core.c), and then a sample would not weigh what we say. */
#define PERIOD_MIN_NS 10000.0
/* perf_event_open(2) refuses periods with the top bit set. This is a century. */
#define PERIOD_MAX_NS 3.2e18
/* The kernel wants whole pages and a power of two (Linux v6.18, kernel/bpf/ringbuf.c). */
#define RING_MIN_SZ (4ULL << 10)
#define RING_MAX_SZ (1ULL << 30)

int tach_set__flag(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why)
{
	(void)option;
	(void)arg;
	(void)why;
	*(bool *)field = true;
	return 0;
}

int tach_set__text(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why)
{
	(void)option;
	(void)why;
	*(const char **)field = arg;
	return 0;
}

int tach_set__choice(const struct tach_option *option, const char *arg, void *field,
		     struct tach_why *why)
{
	for (int i = 0; option->choices[i]; i++) {
		if (strcmp(option->choices[i], arg) == 0) {
			*(int *)field = i;
			return 0;
		}
	}
	return tach_choice__refuse(arg, option->choices, why);
}

static int refuse_number(const char *kind, const char *arg, struct tach_why *why)
{
	char shown[256];

	tach_repr(arg, shown, sizeof(shown));
	return tach_why__set(why, -EINVAL, "invalid %s value: %s", kind, shown);
}

int tach_value__int(const char *arg, int *out, struct tach_why *why)
{
	const char *text = arg + strspn(arg, BLANKS);
	bool negative = *text == '-', digit = false;
	long long value = 0;

	if (*text == '-' || *text == '+')
		text++;
	for (; isdigit((unsigned char)*text) || (*text == '_' && digit); text++) {
		digit = *text != '_'; /* an underscore stands between two digits */
		if (digit && value <= INT_MAX)
			value = value * 10 + (*text - '0');
	}
	if (!digit || text[strspn(text, BLANKS)])
		return refuse_number("int", arg, why);
	if (negative)
		value = -value;
	*out = value > INT_MAX ? INT_MAX : value < INT_MIN ? INT_MIN : (int)value;
	return 0;
}

int tach_set__limit(const struct tach_option *option, const char *arg, void *field,
		    struct tach_why *why)
{
	(void)option;
	return tach_value__int(arg, field, why);
}

/* Digits, with a point in them or not, in the C locale, whatever LC_NUMERIC says. Returns how many there
 * are; @end behind them. */
static int decimal(const char *text, const char **end, double *out)
{
	double value = 0, scale = 1;
	int digits = 0;

	for (; isdigit((unsigned char)*text); text++, digits++)
		value = value * 10 + (*text - '0');
	if (text[0] == '.' && (digits || isdigit((unsigned char)text[1]))) {
		for (text++; isdigit((unsigned char)*text); text++, digits++) {
			value = value * 10 + (*text - '0');
			scale *= 10;
		}
	}
	*end = text;
	*out = value / scale;
	return digits;
}

/* Without the blanks around it, in lower case. False if it does not fit. */
static bool strip_lower(const char *arg, char *buf, size_t sz)
{
	size_t len, i;

	while (isspace((unsigned char)*arg))
		arg++;
	len = strlen(arg);
	while (len && isspace((unsigned char)arg[len - 1]))
		len--;
	if (len >= sz)
		return false;
	for (i = 0; i < len; i++)
		buf[i] = (char)tolower((unsigned char)arg[i]);
	buf[len] = '\0';
	return true;
}

int tach_set__rate(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why)
{
	char text[64];
	bool fits = strip_lower(arg, text, sizeof(text));
	const char *end = "";
	double hz, period_ns;

	(void)option;
	if (!fits || !isdigit((unsigned char)text[0]))
		goto malformed;
	decimal(text, &end, &hz);
	if (end[-1] == '.')
		goto malformed;
	if (strcmp(end, "khz") == 0 || strcmp(end, "k") == 0)
		hz *= 1000;
	else if (*end && strcmp(end, "hz") != 0)
		goto malformed;
	if (!(hz > 0))
		return tach_why__set(why, -EINVAL, "Sampling rate must be positive: %s", text);

	period_ns = NS_PER_S / hz;
	if (period_ns < PERIOD_MIN_NS)
		return tach_why__set(
			why, -EINVAL,
			"Sampling rate too high: %s (the kernel's timer goes up to %gkhz)", text,
			1e6 / PERIOD_MIN_NS);
	if (period_ns > PERIOD_MAX_NS)
		return tach_why__set(why, -EINVAL, "Sampling rate too low: %s", text);
	*(__u64 *)field = (__u64)(period_ns + 0.5);
	return 0;

malformed:
	return tach_why__set(
		why, -EINVAL,
		"Invalid sampling rate format: %s. Expected: number followed by optional "
		"suffix (hz, khz, k) with no spaces (e.g., 10khz)",
		fits ? text : arg);
}

int tach_set__duration(const struct tach_option *option, const char *arg, void *field,
		       struct tach_why *why)
{
	const char *text = arg + strspn(arg, BLANKS), *end;
	bool negative = *text == '-';
	double seconds;
	int whole;

	(void)option;
	if (tach_value__int(arg, &whole, NULL) == 0)
		seconds = whole;
	else if (!decimal(text + (*text == '-' || *text == '+'), &end, &seconds) ||
		 end[strspn(end, BLANKS)])
		return refuse_number("float", arg, why);
	if (negative)
		seconds = 0;
	*(double *)field = seconds < INT_MAX ? seconds : INT_MAX; /* for ever */
	return 0;
}

int tach_set__size(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why)
{
	unsigned long long value;
	int shift = 0;
	char *end;

	(void)option;
	errno = 0;
	value = strtoull(arg, &end, 10);
	if (!isdigit((unsigned char)*arg) || errno)
		goto malformed;
	switch (tolower((unsigned char)*end)) {
	case 'g':
		shift += 10; /* fallthrough */
	case 'm':
		shift += 10; /* fallthrough */
	case 'k':
		shift += 10;
		end++;
		break;
	}
	if (*end)
		goto malformed;
	if (value > RING_MAX_SZ >> shift || value << shift < RING_MIN_SZ || (value & (value - 1)))
		return tach_why__set(why, -EINVAL,
				     "must be a power of two from 4k to 1g (e.g., 64k, 16m): '%s'",
				     arg);
	*(__u32 *)field = (__u32)(value << shift);
	return 0;

malformed:
	return tach_why__set(why, -EINVAL, "invalid size: '%s' (e.g., 64k, 16m)", arg);
}
