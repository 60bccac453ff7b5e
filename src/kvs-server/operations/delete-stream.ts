import { parseOptionalStreamArn } from '../wire/selectors.js'
import { parseOptionalCurrentVersion } from '../wire/stream-info.js'
import { refuseAbsent } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { requireVersion } from './stream-checks.js'
import { streamOperation } from './stream-operation.js'

/** Requires the ARN: its creation time distinguishes this stream from a later one with the same name. */
export const deleteStream = streamOperation({
  name: 'DeleteStream',
  select: (input) => ({ name: null, arn: parseOptionalStreamArn(input, 'StreamARN') ?? refuseAbsent('StreamARN') }),
  parse: parseOptionalCurrentVersion,
  run(stream, version, { streams, archive, quotas, diskReserve }: Pick<KvsServices, 'streams' | 'archive' | 'quotas' | 'diskReserve'>) {
    if (version !== null) requireVersion(stream, version)
    diskReserve.spend(() => streams.delete(stream))
    quotas.forget(stream.id)
    archive.sweepSoon()
    return {}
  },
})
