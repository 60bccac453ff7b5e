/** The footage was sent in part. Its message is one sentence that says why, and what can be done. */
export class MediaCutShort extends Error {
  override readonly name = 'MediaCutShort'
}
