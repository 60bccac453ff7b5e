/** A setting that stops the start. Its message is one sentence: the setting, what was given, what is allowed. */
export class WrongSetting extends Error {
  override readonly name = 'WrongSetting'
}
