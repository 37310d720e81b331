// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "parse_line.h"

#include "cli/help.h"
#include "cli/optable.h"
#include "cli/words.h"
#include "write/writer.h"

static void test_table(void **state)
{
	const struct tach_option *a, *b;
	struct tach_why why;
	char scratch[sizeof(struct tach_opts)];

	(void)state;
	for (a = tach_options; a->name; a++) {
		assert_true(a - tach_options < TACH_OPTION_MAX);
		assert_true(a->group < TACH_GROUP_CNT);
		assert_true(a->where != 0);
		if (a->preset)
			assert_int_equal(a->set(a, a->preset, scratch, &why), 0);
		for (b = a + 1; b->name; b++) {
			assert_string_not_equal(a->name, b->name);
			if (a->letter)
				assert_int_not_equal(a->letter, b->letter);
		}
	}
	for (int i = 0; tach_commands[i].name; i++) {
		assert_int_equal(tach_commands[i].id, i);
		assert_true(i < 7); /* names[] of find_command() */
	}
}

static void test_defaults(void **state)
{
	const struct tach_opts *opts;

	(void)state;
	opts = good("attach 42 --mode cpu");
	assert_int_equal(opts->command, TACH_CMD_ATTACH);
	assert_int_equal(opts->pid, 42);
	assert_null(opts->args);
	assert_int_equal(opts->period_ns, 1000000);
	assert_true(opts->duration_s < 0);
	assert_string_equal(opts->format, "pstats");
	assert_null(opts->output);
	assert_null(opts->raw_output);
	assert_null(opts->python);
	assert_int_equal(opts->sort, TACH_SORT_NSAMPLES);
	assert_int_equal(opts->limit, 15);
	assert_int_equal(opts->ring_sz, 8 << 20);
	assert_false(opts->all_threads || opts->no_summary || opts->verbose || opts->force);
	assert_false(opts->native || opts->no_gc);
	assert_false(opts->module || opts->raw_command);
	assert_false(opts->live || opts->realtime_stats || opts->opcodes || opts->subprocesses);
	assert_false(opts->blocking || opts->async_aware || opts->browser);
	assert_int_equal(opts->async_mode, TACH_ASYNC_RUNNING);
	assert_int_equal(opts->compression, TACH_COMPRESSION_AUTO);
	assert_null(opts->baseline);
}

static void test_every_option(void **state)
{
	const struct tach_opts *opts;

	(void)state;
	opts = good("attach -a --mode cpu -r 10khz -d 2.5 --collapsed -o x.txt --force -v "
		    "--ring-size 64k --raw r.bin 7");
	assert_true(opts->all_threads && opts->force && opts->verbose);
	assert_int_equal(opts->mode, TACH_MODE_CPU);
	assert_int_equal(opts->period_ns, 100000);
	assert_true(opts->duration_s == 2.5);
	assert_string_equal(opts->format, "collapsed");
	assert_string_equal(opts->output, "x.txt");
	assert_int_equal(opts->ring_sz, 65536);
	assert_string_equal(opts->raw_output, "r.bin");
	assert_int_equal(opts->pid, 7);

	opts = good("attach 7 --pstats --sort name --limit 3 --no-summary --mode=cpu");
	assert_int_equal(opts->sort, TACH_SORT_NAME);
	assert_int_equal(opts->limit, 3);
	assert_true(opts->no_summary);
	assert_string_equal(opts->format, "pstats");
}

static void test_pid_forms(void **state)
{
	(void)state;
	assert_int_equal(good("attach --mode cpu 5 -a")->pid, 5);
	assert_int_equal(good("attach --mode cpu -- 5")->pid, 5);
	assert_int_equal(good("attach --mode cpu 0")->pid,
			 0); /* no such process: not a usage error */
	assert_int_equal(good("attach --mode cpu -5")->pid, -5);
	assert_int_equal(good("attach -123 --mode cpu")->pid, -123);
	wrong("attach --mode cpu",
	      "tachyon-bpf attach: error: the following arguments are required: "
	      "pid");
	wrong("attach abc", "tachyon-bpf attach: error: argument pid: invalid int value: 'abc'");
	wrong("attach 1x", "tachyon-bpf attach: error: argument pid: invalid int value: '1x'");
	/* Numbers that C does not have are no processes either. */
	assert_int_equal(good("attach 99999999999")->pid, INT32_MAX);
	assert_int_equal(good("attach -99999999999")->pid, INT32_MIN);
	wrong("attach 1 2", "tachyon-bpf: error: unrecognized arguments: 2");
	wrong("attach -1 -1", "tachyon-bpf: error: unrecognized arguments: -1");
	wrong("attach -- 1 -2", "tachyon-bpf: error: unrecognized arguments: -2");
	wrong("--foo attach 1 2 --bar=3 -xyz",
	      "tachyon-bpf: error: unrecognized arguments: --foo 2 --bar=3 -xyz");
}

static void test_run(void **state)
{
	const struct tach_opts *opts;

	(void)state;
	opts = good("run --mode cpu x.py --mode gil -r 5 -- -h");
	assert_int_equal(opts->command, TACH_CMD_RUN);
	assert_false(opts->module || opts->raw_command);
	assert_int_equal(opts->mode, TACH_MODE_CPU);
	assert_string_equal(opts->args[0], "x.py");
	assert_string_equal(opts->args[1], "--mode");
	assert_string_equal(opts->args[5], "--");
	assert_string_equal(opts->args[6], "-h");
	assert_null(opts->args[7]);

	opts = good("run --mode cpu -m json.tool -m x");
	assert_true(opts->module);
	assert_string_equal(opts->args[0], "json.tool");
	assert_string_equal(opts->args[1], "-m");

	opts = good("run --mode cpu --python py3 x.py");
	assert_string_equal(opts->python, "py3");

	opts = good("run --mode cpu -- env -i x");
	assert_true(opts->raw_command);
	assert_string_equal(opts->args[0], "env");
	assert_string_equal(opts->args[1], "-i");

	opts = good("run --mode cpu -m -- json.tool"); /* as argparse: the module */
	assert_true(opts->module);
	assert_false(opts->raw_command);

	wrong("run", "tachyon-bpf run: error: the following arguments are required: target");
	wrong("run --mode cpu --",
	      "tachyon-bpf run: error: the following arguments are required: target");
	wrong("run --python py3 -- ls",
	      "tachyon-bpf run: error: argument --python: not allowed with -- COMMAND");
	wrong("run -o -- ls",
	      "tachyon-bpf run: error: argument -o/--output: expected one argument");
}

static void test_dump(void **state)
{
	const struct tach_opts *opts = good("dump -a 7 --native --no-gc --tids host");

	(void)state;
	assert_int_equal(opts->command, TACH_CMD_DUMP);
	assert_int_equal(opts->pid, 7);
	assert_true(opts->all_threads && opts->native && opts->no_gc);
	assert_int_equal(opts->tids, TACH_TIDS_HOST);
}

static void test_prefixes(void **state)
{
	(void)state;
	assert_string_equal(good("attach 1 --mode cpu --coll")->format, "collapsed");
	assert_int_equal(good("attach 1 --mo cpu --samp 2k")->period_ns, 500000);
	assert_true(good("attach 1 --mod=cpu --no-s")->no_summary);
	assert_true(good("attach 1 --nat --no-g")->native);
	assert_true(good("attach 1 --no-gc")->no_gc);
	wrong("attach 1 --s x", "tachyon-bpf attach: error: ambiguous option: --s could match "
				"--sampling-rate, --subprocesses, --sort");
	wrong("attach 1 --s=x", "tachyon-bpf attach: error: ambiguous option: --s=x could match "
				"--sampling-rate, --subprocesses, --sort");
	/* Ours give way: what is an abbreviation there is the same one here. */
	assert_string_equal(good("run --p x.py")->format, "pstats");
	assert_string_equal(good("run --py py3 x.py")->python, "py3");
	assert_string_equal(good("attach 1 --f")->format, "flamegraph");
	assert_true(good("attach 1 --fo")->force);
	assert_string_equal(good("attach 1 --ra x")->raw_output, "x");
}

static void test_formats(void **state)
{
	(void)state;
	good("attach 1 --mode cpu --pstats --pstats");
	wrong("attach 1 --pstats --collapsed", "tachyon-bpf attach: error: argument --collapsed: "
					       "not allowed with argument --pstats");
	wrong("attach 1 --collapsed --pstats", "tachyon-bpf attach: error: argument --pstats: not "
					       "allowed with argument --collapsed");
	wrong("attach 1 --mode cpu --sort name --collapsed",
	      "tachyon-bpf: error: Options --sort are only valid with --pstats, not --collapsed");
	wrong("attach 1 --mode cpu --no-summary -l 15 --collapsed --sort nsamples",
	      "tachyon-bpf: error: Options --sort, --limit, --no-summary are only valid with "
	      "--pstats, not --collapsed");
	wrong("attach 1 --sort bogus",
	      "tachyon-bpf attach: error: argument --sort: invalid choice: 'bogus' (choose from "
	      "'nsamples', 'tottime', 'cumtime', 'sample-pct', 'cumul-pct', 'nsamples-cumul', "
	      "'name')");
}

static void test_unknown(void **state)
{
	(void)state;
	wrong("", "tachyon-bpf: error: the following arguments are required: command");
	wrong("bogus", "tachyon-bpf: error: argument command: invalid choice: 'bogus' (choose from "
		       "'run', 'attach', 'dump', 'replay')");
	wrong("atach", "tachyon-bpf: error: argument command: invalid choice: 'atach', maybe you "
		       "meant 'attach'? (choose from 'run', 'attach', 'dump', 'replay')");
	wrong("dump 1 --mode cpu", "tachyon-bpf: error: unrecognized arguments: --mode cpu");
	wrong("dump", "tachyon-bpf dump: error: the following arguments are required: pid");
	wrong("dump --bogus", "tachyon-bpf dump: error: the following arguments are required: pid");
	wrong("--mode=cpu run x", "tachyon-bpf: error: unrecognized arguments: --mode=cpu");
	wrong("attach 1 --bogus", "tachyon-bpf: error: unrecognized arguments: --bogus");
	wrong("attach 1 -axr", "tachyon-bpf: error: unrecognized arguments: -xr");
	wrong("attach 1 -m", "tachyon-bpf: error: unrecognized arguments: -m");
	wrong("attach 1 --python x", "tachyon-bpf: error: unrecognized arguments: --python x");
	wrong("attach 1 --version=1", "tachyon-bpf: error: unrecognized arguments: --version=1");
	wrong("attach 1 --all-threads=3", "tachyon-bpf attach: error: argument -a/--all-threads: "
					  "ignored explicit argument '3'");
	wrong("attach 1 -o",
	      "tachyon-bpf attach: error: argument -o/--output: expected one argument");
	wrong("attach 1 --output",
	      "tachyon-bpf attach: error: argument -o/--output: expected one argument");
	wrong("attach 1 -o --collapsed",
	      "tachyon-bpf attach: error: argument -o/--output: expected one argument");
	wrong("attach 1 --sort n~m\n",
	      "tachyon-bpf attach: error: argument --sort: invalid choice: 'n m\\n' (choose from "
	      "'nsamples', 'tottime', 'cumtime', 'sample-pct', 'cumul-pct', 'nsamples-cumul', "
	      "'name')");
}

/* Whatever this version does not have is refused after all that is wrong in the reference, too. */
static void test_later(void **state)
{
	const struct tach_option *option;
	char line[128], message[128];

	(void)state;
	for (option = tach_options; option->name; option++) {
		if (!option->later || !(option->where & TACH_IN(TACH_CMD_RUN)))
			continue;
		snprintf(line, sizeof(line), "run %s--%s%s%s x.py",
			 strcmp(option->name, "opcodes") ? "" : "--binary ", option->name,
			 option->metavar ? "=" : "",
			 option->choices   ? option->choices[0]
			 : option->metavar ? "b"
					   : "");
		snprintf(message, sizeof(message),
			 "tachyon-bpf run: error: --%s is not available in this version",
			 strcmp(option->name, "opcodes") ? option->name : "opcodes");
		wrong(line, message);
	}
	wrong("run --flamegraph", "tachyon-bpf run: error: the following arguments are required: "
				  "target");
	wrong("run --live --flamegraph x.py",
	      "tachyon-bpf: error: --live is incompatible with --flamegraph. Live mode uses a TUI "
	      "interface.");
	wrong("run --flamegraph --sort name x.py",
	      "tachyon-bpf: error: Options --sort are only valid with --pstats, not --flamegraph");
	wrong("replay --heatmap --sort name f",
	      "tachyon-bpf replay: error: --heatmap is not available in this version");
}

static void test_usage_comes_first(void **state)
{
	(void)state;
	assert_memory_equal(parse("attach --bogus")->err, "usage: tachyon-bpf attach ", 26);
	assert_memory_equal(parse("run --bogus")->err, "usage: tachyon-bpf run ", 23);
	assert_memory_equal(parse("--bogus")->err, "usage: tachyon-bpf [-h] ", 24);
}

/* Help and man page name exactly the options of the table, each in the form in which it is given. */
static void test_help_is_the_table(void **state)
{
	const struct tach_command_info *command;
	const struct tach_option *option;
	const struct answer *answer;
	char line[64], form[64];

	(void)state;
	for (command = tach_commands; command->name; command++) {
		snprintf(line, sizeof(line), "%s --help", command->name);
		answer = parse(line);
		assert_int_not_equal(answer->ret, 0);
		assert_int_equal(answer->exit_code, TACH_EXIT_OK);
		assert_string_equal(answer->err, "");
		for (option = tach_options; option->name; option++) {
			snprintf(form, sizeof(form), "\n  %c%c%c --%s%s%s",
				 option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
				 option->letter ? ',' : ' ', option->name,
				 option->metavar ? " " : "",
				 option->metavar ? option->metavar : "");
			if (tach_option__shown(option, tach_help__where(command)))
				assert_non_null(strstr(answer->out, form));
			else
				assert_null(strstr(answer->out, form));
		}
		for (const char *at = answer->out, *end; *at; at = end + 1) {
			end = strchr(at, '\n');
			assert_non_null(end);
			assert_true(end - at <= 80);
		}
	}
	answer = parse("-h");
	assert_int_equal(answer->exit_code, TACH_EXIT_OK);
	for (command = tach_commands; command->name; command++)
		assert_int_equal(!strstr(answer->out, command->summary), command->later);

	answer = parse("--man-page");
	assert_int_equal(answer->exit_code, TACH_EXIT_OK);
	assert_memory_equal(answer->out, ".TH TACHYON\\-BPF 1 ", 18);
	assert_null(strstr(answer->out, "man\\-page"));

	answer = parse("--version");
	assert_int_equal(answer->exit_code, TACH_EXIT_OK);
	assert_string_equal(answer->out, "tachyon-bpf " TACH_VERSION "\n");
}

static void test_examples_parse(void **state)
{
	const struct tach_command_info *command;
	const struct tach_example *example;

	(void)state;
	for (command = tach_commands; command->name; command++) {
		for (example = command->examples; example->line; example++) {
			const char *line = strstr(example->line, "tachyon-bpf ");

			assert_non_null(line);
			if (!command->later)
				assert_int_equal(good(line + 12)->command, command->id);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_pid_forms),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_usage_comes_first),
		cmocka_unit_test(test_help_is_the_table),
		cmocka_unit_test(test_examples_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
