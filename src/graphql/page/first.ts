import { GatewayError } from '../../domain/errors.js'

/** The largest page, as ListStreams and ListFragments have it. */
const LARGEST_PAGE = 1000

export function checkFirst(first: number): void {
  if (first >= 1 && first <= LARGEST_PAGE) return
  throw new GatewayError('BAD_USER_INPUT', `first must be from 1 to ${LARGEST_PAGE}, got ${first}.`)
}
