import type { OutlinedPart } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { AnswerMeasures } from './answer-measures.js'
import { compareFootage } from './compare-footage.js'
import type { FragmentPictures } from './fragment-pictures.js'
import { locatePictures } from './locate-pictures.js'

/**
 * Checks that a response has the listed footage. Footage may expire between the listing and the response, or be listed late, and the
 * response does not say so. @throws ClipUnavailable if the footage differs
 */
export function verifyPart(answer: AnswerMeasures, part: OutlinedPart, pictures: ReadonlyMap<number, FragmentPictures>): void {
  const difference = compareFootage(answer, part, pictures)
  if (difference === 'missing') {
    const message = 'Kinesis Video returned less footage than it had listed: some of it expired while the clip was fetched.'
    throw new ClipUnavailable('FOOTAGE_EXPIRED', message)
  }
  if (difference === 'added') {
    const message = 'Kinesis Video returned footage that it had not listed: it arrived while the clip was fetched. Request the clip again.'
    throw new ClipUnavailable('FOOTAGE_CHANGED', message)
  }
  locatePictures([part], [answer.shownMs.length], pictures)
}
