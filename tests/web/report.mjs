// One line per step, and the count at the end.

export class Report {
  #passed = 0;
  #failed = 0;

  heading(text) {
    console.log(`\n${text}`);
  }

  /** Runs a step and reports the result. Throws the error of a failed step, because the next steps depend on it. */
  step = async (name, run) => {
    try {
      await run();
    } catch (error) {
      this.failed(name, error);
      throw error;
    }
    this.passed(name);
  };

  passed(name) {
    this.#passed += 1;
    console.log(`  ok      ${name}`);
  }

  failed(name, error) {
    this.#failed += 1;
    console.log(`  FAILED  ${name}\n${indent(error?.stack ?? String(error))}`);
    if (error && typeof error === "object") reported.add(error);
  }

  /** Counts an error unless a step has reported it already. */
  caught(name, error) {
    if (!reported.has(error)) this.failed(name, error);
  }

  /** Prints the closing line and returns the exit code. */
  close() {
    console.log(`\n${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

const reported = new WeakSet();
const indent = (text) => text.replace(/^/gm, "          ");
