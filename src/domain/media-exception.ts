/** A tag as Kinesis Video writes it around media: a Matroska SimpleTag. */
interface MediaTag {
  readonly name: string
  readonly value: string
}

/** An error that Kinesis Video reports inside media, after it sent status 200. */
export interface MediaException {
  /** Whether the fragment does not exist or has expired. */
  readonly isNotFound: boolean
  /** The message of the service, for the log. */
  readonly message: string
}

/**
 * GetMediaForFragmentList documents the first form: a number and a sentence. The second is GetMedia's, and the service was seen to answer
 * GetMediaForFragmentList with it too (aws/aws-sdk-js#3217: FRAGMENT_NOT_FOUND and 3000).
 */
const CODE_TAGS = ['AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE', 'AWS_KINESISVIDEO_ERROR_CODE', 'AWS_KINESISVIDEO_ERROR_ID']
const MESSAGE_TAG = 'AWS_KINESISVIDEO_EXCEPTION_MESSAGE'

/** The exception in the tags of one Tags element. Null for the ordinary tags of a fragment. */
export function parseMediaException(tags: readonly MediaTag[]): MediaException | null {
  const codes = CODE_TAGS.flatMap((code) => findValue(tags, code) ?? [])
  const sentence = findValue(tags, MESSAGE_TAG)
  if (codes.length === 0 && sentence === undefined) return null
  return { isNotFound: codes.some(isNotFoundCode), message: [...codes, ...(sentence === undefined ? [] : [sentence])].join(': ') }
}

/** 4000 is the documented number, 3000 the observed one; the texts are `FRAGMENT_NOT_FOUND` and `Requested fragment is not found.` */
function isNotFoundCode(code: string): boolean {
  return code === '4000' || code === '3000' || /not[ _]found/i.test(code)
}

function findValue(tags: readonly MediaTag[], wanted: string): string | undefined {
  return tags.find(({ name, value }) => name === wanted && value !== '')?.value
}
