/**
 * Valid, perhaps, but not something this reader can lay out anew without risk. Never leaves the reader: it becomes the value
 * `{ understood: false, reason }`.
 */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood'
}
