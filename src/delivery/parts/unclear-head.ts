/**
 * Ends the fetch of an answer that the clip which began it can make nothing of, because there is something in its head that is not understood.
 * Clips that share the fetch each make of it what they can.
 */
export class UnclearHead extends Error {
  override readonly name = 'UnclearHead'

  constructor(readonly reason: string) {
    super(`the head of an answer holds something that is not understood (${reason})`)
  }
}
