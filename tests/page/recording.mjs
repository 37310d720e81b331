// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Made-up recordings, in the language of tests/tools/profile_text.c, and the pages that it writes of them.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const OUTPUT = resolve(ROOT, "build/pages");
const TOOL = resolve(ROOT, "build/tests/tools/profile_text");

// enum tach_sample_state
export const ON_CPU = 1;
export const HAS_GIL = 2;
export const EXCEPTION = 16;
export const GIL_REQUESTED = 32;
export const CPU_UNKNOWN = 64;

/** UTF-8 in which lone surrogates are passed. */
function hex(text) {
  if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text).toString("hex") || "-";
  let bytes = "";
  for (const char of text) {
    const code = char.codePointAt(0);
    const lone = code >= 0xd800 && code <= 0xdfff;
    const raw = lone ? [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)] : [...Buffer.from(char)];
    bytes += raw.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return bytes;
}

/** A frame is [file, line, function], a stack is of frames, root first. */
export class Recording {
  constructor({ pid = 4711, period = 1000000, mode = "wall", duration = 0 } = {}) {
    this.lines = [`pid ${pid}`, `period_ns ${period}`, `mode ${mode}`, "start_ns 1", "epoch_ns 1700000000123456000"];
    if (duration) this.lines.push(`duration_s ${duration}`);
    this.counts = { process: 0, thread: 0, event: 0 };
    this.frames = new Map();
    this.idOf = new Map(); // of the same by identity, which is quicker
    this.stacks = new Map();
    this.total = 0;
  }

  process(pid, name = "python3", command = "python3 app.py") {
    this.lines.push(`process ${pid} ${hex(name)} ${hex(command)}`);
    return this.counts.process++;
  }

  thread(process, tid, name = "", main = false) {
    this.lines.push(`who ${process} 0 ${tid} ${Number(main)} ${hex(name)}`);
    return this.counts.thread++;
  }

  #number(known, key, line) {
    if (!known.has(key)) {
      known.set(key, known.size);
      this.lines.push(line(known.get(key)));
    }
    return known.get(key);
  }

  frame(frame) {
    if (!this.idOf.has(frame)) this.idOf.set(frame, this.#frame(frame));
    return this.idOf.get(frame);
  }

  #frame([file, line, func]) {
    return this.#number(
      this.frames,
      `${file}\0${line}\0${func}`,
      () => `frame ${hex(file)} ${hex(func)} ${line} ${line} 0 1`,
    );
  }

  sample(thread, stack, { state = ON_CPU | HAS_GIL, weight = 1 } = {}) {
    const ids = stack.map((frame) => this.frame(frame)).reverse();
    const id = this.#number(this.stacks, ids.join(" "), (number) => `stack ${number} ${ids.join(" ")}`);
    this.lines.push(`event ${++this.counts.event} ${thread} ${id} ${state} ${weight}`);
    this.total += weight;
  }

  /** Path of its text. */
  #describe(name) {
    mkdirSync(OUTPUT, { recursive: true });
    const text = resolve(OUTPUT, `${name}.txt`);
    writeFileSync(text, this.lines.join("\n") + "\n");
    return text;
  }

  /** Path of the page of what is different from another recording. */
  writeDifference(name, baseline) {
    this.lines.push(`baseline ${baseline.#describe(`${name}-baseline`)}`);
    return this.write(name, "diff_flamegraph");
  }

  /** Path of the page. */
  write(name, form = "flamegraph", ext = "html") {
    const text = this.#describe(name);
    const page = resolve(OUTPUT, `${name}.${ext}`);
    execFileSync(TOOL, [text, form, page], { stdio: ["ignore", "ignore", "inherit"] });
    return page;
  }
}

/** A small server: requests of two kinds on three threads, a garbage collection, waiting. */
export function server() {
  const recording = new Recording();
  const process = recording.process(4711, "python3", "python3 -m shop --port 8000");
  const main = recording.thread(process, 4711, "python3", true);
  const workers = [recording.thread(process, 4712, "worker-1"), recording.thread(process, 4713, "worker-2")];
  const start = [
    ["/srv/shop/__main__.py", 12, "<module>"],
    ["/srv/shop/app.py", 40, "serve"],
  ];
  const request = [...start, ["/usr/lib/python3.14/socketserver.py", 692, "process_request_thread"]];
  const orm = ["/srv/venv/lib/python3.14/site-packages/orm/query.py", 88, "Query.fetch"];
  recording.sample(main, [...start, ["/usr/lib/python3.14/selectors.py", 415, "select"]], { state: 0, weight: 700 });
  for (const thread of workers) {
    recording.sample(thread, [...request, ["/srv/shop/views.py", 51, "listing"], orm], { state: 0, weight: 200 });
    recording.sample(
      thread,
      [...request, ["/srv/shop/views.py", 55, "listing"], ["/srv/shop/render.py", 9, "render"]],
      { weight: 120 },
    );
    recording.sample(
      thread,
      [...request, ["/srv/shop/views.py", 80, "checkout"], ["/srv/shop/tax.py", 31, "Tax.total"]],
      { weight: 60 },
    );
    recording.sample(thread, [...request, ["/srv/shop/views.py", 80, "checkout"]], {
      state: GIL_REQUESTED,
      weight: 45,
    });
    recording.sample(
      thread,
      [...request, ["/srv/shop/views.py", 82, "checkout"], ["/usr/lib/python3.14/hashlib.py", 200, "scrypt"]],
      { state: ON_CPU, weight: 90 },
    );
    recording.sample(thread, [...request, ["/srv/shop/views.py", 51, "listing"], orm, ["~", 0, "<GC>"]], {
      weight: 25,
    });
    recording.sample(thread, [...request, ["/srv/shop/views.py", 90, "handle_error"]], {
      state: ON_CPU | HAS_GIL | EXCEPTION,
      weight: 10,
    });
  }
  return recording;
}

/** That many different frames, from wide ones to many that are far narrower than a pixel. */
export function large(nodes, threads = 8) {
  const recording = new Recording();
  const process = recording.process(1, "python3", `python3 large.py ${nodes}`);
  const who = Array.from({ length: threads }, (_, n) => recording.thread(process, 1 + n, `thread-${n}`, !n));
  let seed = 12345;
  const random = (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  };
  const root = ["/srv/main.py", 1, "<module>"];
  const stacks = [[root]];
  for (let made = 1; made < nodes; made++) {
    const above = made < 50 ? stacks[random(stacks.length)] : stacks[random(Math.min(stacks.length, 1 + (made >> 2)))];
    const stack = above.length < 120 ? above : stacks[0];
    const below = [
      ...stack,
      [`/srv/pkg${made % 97}/mod${made % 1009}.py`, 1 + (made % 400), `function_${made % 20011}_${stack.length}`],
    ];
    stacks.push(below);
    recording.sample(who[made % threads], below, { state: random(2) ? 3 : 0, weight: 1 + random(3) });
  }
  return recording;
}
