import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream, requireVersion } from '../stream-checks.js'
import { parseOptionalCurrentVersion } from '../wire/stream-info.js'
import { parseOptionalStreamArn } from '../wire/stream-selector.js'
import { refuseAbsent } from '../wire/wire-input.js'

interface Input {
  readonly arn: string
  readonly version: string | null
}

/** Takes the ARN and no name: its creation time makes sure that the caller means this stream and not a later one of the same name. */
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
