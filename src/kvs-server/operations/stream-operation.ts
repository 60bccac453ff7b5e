import type { StreamRecord } from '../archive/stream-record.js'
import type { StreamSelector } from '../archive/stream-table.js'
import type { Call, MediaAnswer, Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import type { WireInput } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

interface StreamOperation<Input, Services> {
  readonly name: string
  /** How the input names the stream. By default, by StreamName or StreamARN. */
  readonly select?: (input: WireInput) => StreamSelector
  /** The rest of the input. */
  readonly parse: (input: WireInput) => Input
  readonly run: (stream: StreamRecord, input: Input, services: Services, call: Call) => Promise<object | MediaAnswer> | object | MediaAnswer
}

type OfStream<Input> = { readonly selector: StreamSelector; readonly rest: Input }

/** An operation on a stream, which must exist. */
export function streamOperation<Input, Services>({
  name,
  select = parseStreamSelector,
  parse,
  run,
}: StreamOperation<Input, Services>): Operation<OfStream<Input>, Services & Pick<KvsServices, 'streams'>> {
  return {
    name,
    parse: (input) => ({ selector: select(input), rest: parse(input) }),
    run: ({ selector, rest }, services, call) => run(getStream(services.streams, selector), rest, services, call),
  }
}
