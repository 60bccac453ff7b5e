import type { IncomingHttpHeaders } from 'node:http'
import type { EpochMs } from '../../lib/clock.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { AwsException } from '../wire/aws-exception.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { parseEnum, refuse } from '../wire/wire-input.js'

export interface UploadHeaders {
  readonly stream: StreamSelector
  /** Producer time of timecode 0; null where timecodes are absolute. */
  readonly producerStartMs: EpochMs | null
}

const START_HEADER = 'x-amzn-producer-start-timestamp'

/** PutMedia's headers, refused like the members of any other operation. */
export function parseUploadHeaders(headers: IncomingHttpHeaders): UploadHeaders {
  const stream = parseStream(headers)
  const timecodeType = parseEnum({ ...headers }, 'x-amzn-fragment-timecode-type', ['ABSOLUTE', 'RELATIVE'])
  const startMs = parseStart(headers[START_HEADER])
  if (timecodeType === 'ABSOLUTE') return { stream, producerStartMs: null }
  if (startMs === null) throw new AwsException('InvalidArgumentException', `${START_HEADER} is required with RELATIVE timecodes`)
  return { stream, producerStartMs: startMs }
}

function parseStream(headers: IncomingHttpHeaders): StreamSelector {
  const { 'x-amzn-stream-name': name, 'x-amzn-stream-arn': arn } = headers
  if ((name === undefined) === (arn === undefined)) {
    throw new AwsException('InvalidArgumentException', 'exactly one of x-amzn-stream-name and x-amzn-stream-arn is required')
  }
  return parseStreamSelector({ StreamName: name, StreamARN: arn })
}

/**
 * Epoch seconds as a decimal number. AWS's C producer writes milliseconds without zero padding (5 ms as `.5`): that is read as 500 ms, as on
 * AWS. The service itself writes times in Java's notation (`1.767323045678E9`).
 */
function parseStart(text: string | readonly string[] | undefined): EpochMs | null {
  if (text === undefined) return null
  if (typeof text !== 'string' || !/^\d{1,12}(\.\d{0,20})?([eE]\+?\d{1,2})?$/.test(text.trim())) {
    return refuse(START_HEADER, 'a time in epoch seconds', text)
  }
  const startMs = Math.round(Number(text) * 1000)
  return startMs <= 253_402_300_799_999 ? startMs : refuse(START_HEADER, 'a time from 1970 to 9999 in epoch seconds', text)
}
