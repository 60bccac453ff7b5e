import type { Operation } from '../wire/operation.js'
import { parseOptionalStreamArn } from '../wire/selectors.js'
import { parseOptionalCurrentVersion } from '../wire/stream-info.js'
import { refuseAbsent } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream, requireVersion } from './stream-checks.js'

interface Input {
  readonly arn: string
  readonly version: string | null
}

/** Requires the ARN: its creation time distinguishes this stream from a later one with the same name. */
export const deleteStream: Operation<Input, Pick<KvsServices, 'streams' | 'archive' | 'quotas' | 'diskReserve'>> = {
  name: 'DeleteStream',
  parse: (input) => ({
    arn: parseOptionalStreamArn(input, 'StreamARN') ?? refuseAbsent('StreamARN'),
    version: parseOptionalCurrentVersion(input),
  }),
  run({ arn, version }, { streams, archive, quotas, diskReserve }) {
    const stream = getStream(streams, { name: null, arn })
    if (version !== null) requireVersion(stream, version)
    diskReserve.spend(() => streams.delete(stream))
    quotas.forget(stream.id)
    archive.sweepSoon()
    return {}
  },
}
