/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_COMPLETE_H
#define TACH_COMPLETE_H

#include <stdio.h>

#include "cli/optable.h"

/* Completions: a script for each shell, made of the option table. */

/* This is tach_option.print; the shell is that of @opts. */
void tach_complete__print(FILE *out, const struct tach_command_info *command,
			  const struct tach_opts *opts);

void tach_complete__bash(FILE *out);
void tach_complete__zsh(FILE *out);
void tach_complete__fish(FILE *out);

/* A script with holes: "@NAME@" is what print() prints. */
struct tach_complete_hole {
	const char *name;
	void (*print)(FILE *out);
};
/* @holes: ends with name NULL. */
void tach_complete__fill(FILE *out, const char *script, const struct tach_complete_hole *holes);

/* The next option that a shell offers @where, from @option on; NULL at the end. */
const struct tach_option *tach_complete__next(const struct tach_option *option, unsigned int where);

/* The next command that a shell offers, from @command on; NULL at the end. */
const struct tach_command_info *tach_complete__command(const struct tach_command_info *command);

/* Names of all commands and of all options that take an argument, with @between between them. */
void tach_complete__commands(FILE *out, const char *between);
void tach_complete__takers(FILE *out, const char *between);

/* What the argument of an option may be, with blanks between. */
void tach_complete__choices(FILE *out, const struct tach_option *option);

/* The first words of @help, up to where it goes into detail; bytes that @special has get a backslash. */
void tach_complete__brief(FILE *out, const char *help, const char *special);

#endif
