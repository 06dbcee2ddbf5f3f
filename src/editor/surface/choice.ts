/** One entry of a list to choose from. */
export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
  /** Beside the label: facts such as a size, or why it is not to be had. */
  readonly description: string;
  /** Below the label: what it does. */
  readonly detail: string;
  /** What the settings say now. */
  readonly isCurrent: boolean;
}
