import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { DEVICE_NAME, MEDIA_TYPE, parseCurrentVersion } from '../wire/stream-info.js'
import { parseOptionalString } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream, requireVersion } from './stream-checks.js'

interface Input {
  readonly selector: StreamSelector
  readonly version: string
  readonly deviceName: string | null
  readonly mediaType: string | null
}

export const updateStream: Operation<Input, Pick<KvsServices, 'streams'>> = {
  name: 'UpdateStream',
  parse: (input) => ({
    selector: parseStreamSelector(input),
    version: parseCurrentVersion(input),
    deviceName: parseOptionalString(input, 'DeviceName', DEVICE_NAME),
    mediaType: parseOptionalString(input, 'MediaType', MEDIA_TYPE),
  }),
  run({ selector, version, deviceName, mediaType }, { streams }) {
    const stream = getStream(streams, selector)
    requireVersion(stream, version)
    streams.update(stream, { deviceName, mediaType })
    return {}
  },
}
