// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Whether the scripts work the shells themselves say (tests/integration/test_completion.py). */
#include "parse_line.h"

#include "cli/complete.h"

static const char *complete(const char *shell)
{
	char line[64];
	const struct answer *answer;

	snprintf(line, sizeof(line), "--completion %s", shell);
	answer = parse(line);
	assert_int_equal(answer->exit_code, TACH_EXIT_OK);
	assert_string_equal(answer->err, "");
	return answer->out;
}

/* What is offered, and nothing else: by the form that a name has in each script. */
static void check_names(const char *shell, const char *command_form, const char *option_form)
{
	const char *text = complete(shell);
	const struct tach_command_info *command;
	const struct tach_option *option;
	char form[64];

	for (command = tach_commands; command->name; command++) {
		snprintf(form, sizeof(form), command_form, command->name);
		assert_int_equal(!strstr(text, form), command->later);
	}
	for (option = tach_options; option->name; option++) {
		snprintf(form, sizeof(form), option_form, option->name);
		assert_int_equal(!strstr(text, form), !tach_option__shown(option, ~0U));
	}
}

static void test_names(void **state)
{
	(void)state;
	check_names("bash", "\t%s:-*)", " --%s");
	check_names("zsh", "\t\t%s)\n", "--%s");
	check_names("fish", " -a %s -d", " -l %s ");
}

static void test_unknown_shell(void **state)
{
	(void)state;
	wrong("--completion bsh",
	      "tachyon-bpf: error: argument --completion: invalid choice: 'bsh', maybe you meant "
	      "'bash'? (choose from 'bash', 'zsh', 'fish')");
	wrong("--completion", "tachyon-bpf: error: argument --completion: expected one argument");
}

static void put(FILE *out)
{
	fputs("<here>", out);
}

static void test_holes(void **state)
{
	static const struct tach_complete_hole holes[] = {{"A", put}, {"AB", put}, {}};
	char text[128] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	tach_complete__fill(out, "@A@ @AB@ $@ @C@ a@A@@", holes);
	fclose(out);
	assert_string_equal(text, "<here> <here> $@ @C@ a<here>@");
}

static void check_brief(const char *help, const char *special, const char *wanted)
{
	char text[128] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	tach_complete__brief(out, help, special);
	fclose(out);
	assert_string_equal(text, wanted);
}

static void test_brief(void **state)
{
	(void)state;
	check_brief("all of it", "", "all of it");
	check_brief("one: a, b (default: c)", "", "one");
	check_brief("one (a: b); c", "", "one");
	check_brief("it's [one] thing", "'[]", "it\\'s \\[one\\] thing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown_shell),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_brief),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
