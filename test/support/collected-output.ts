/** What a command of the command line writes, kept for a test to look at. */
export class CollectedOutput {
  readonly showsProgress = false;
  readonly isColoured = false;
  output = "";
  errors = "";

  readonly writeOutput = (text: string): void => {
    this.output += text;
  };

  readonly writeError = (text: string): void => {
    this.errors += text;
  };
}
