/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_OPTABLE_H
#define TACH_OPTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/opts.h"
#include "cli/value.h"

#define TACH_PROG "tachyon-bpf"
#ifndef TACH_VERSION /* -D, from the makefile: the one place that knows it */
#define TACH_VERSION "unknown"
#endif

/* Where an option may stand: one bit per enum tach_command, one for "before the command". */
#define TACH_IN(command) (1u << (command))
#define TACH_IN_TOP	 (1u << 30)

/* A group is a heading of the help and, for two of them, a rule of the parser. */
enum tach_opt_group {
	TACH_GROUP_GENERAL,
	TACH_GROUP_TARGET,
	TACH_GROUP_SAMPLING,
	TACH_GROUP_FORMAT, /* at most one of them */
	TACH_GROUP_OUTPUT,
	TACH_GROUP_PSTATS, /* only with the format pstats */
	TACH_GROUP_SPECIAL,
	TACH_GROUP_CNT,
};

struct tach_command_info;

struct tach_option {
	const char *name; /* long, without dashes */
	char letter;	  /* short form, 0 if none */
	enum tach_opt_group group;
	unsigned int where; /* TACH_IN(...) bits */
	/* Known, so that exclusions and abbreviations are right, but not in this version: given, it ends
	 * the program; help, manual page and completions do not offer it. */
	bool later;
	bool own;		    /* the reference profiler does not have it */
	bool path;		    /* its argument is one */
	const char *metavar;	    /* NULL: takes no argument */
	const char *preset;	    /* what it is without the option; parsed like an argument */
	const char *const *choices; /* NULL-terminated, for tach_set__choice */
	const char *help;	    /* NULL: not shown */
	const char *format;	    /* name of the writer that it chooses, or NULL */
	tach_setter set;	    /* NULL: there is nothing to set */
	size_t off;		    /* of the field in struct tach_opts */
	/* Prints something, and that is all: --help and its like. */
	void (*print)(FILE *out, const struct tach_command_info *command,
		      const struct tach_opts *opts);
};

struct tach_positional {
	const char *metavar;
	const char *help;
};

struct tach_example {
	const char *line; /* a command that the parser accepts */
	const char *text;
};

struct tach_command_info {
	enum tach_command id; /* = index */
	const char *name;
	bool later;		  /* as in struct tach_option */
	const char *required;	  /* what its positional argument is called in messages */
	const char *summary;	  /* one line */
	const char *const *usage; /* what follows the command's name, NULL-terminated */
	const char *const *text;  /* paragraphs, NULL-terminated */
	const struct tach_positional *positionals; /* ends with metavar NULL */
	const struct tach_example *examples;	   /* ends with line NULL */
};

/* All options, in the order of the help and of the reference; ends with name NULL. */
extern const struct tach_option tach_options[];

/* By enum tach_command; ends with name NULL. */
extern const struct tach_command_info tach_commands[];

extern const char *const tach_groups[TACH_GROUP_CNT]; /* headings */

/* Whether help and its like offer it to @where. */
static inline bool tach_option__shown(const struct tach_option *option, unsigned int where)
{
	return option->help && !option->later && (option->where & where);
}

#endif
