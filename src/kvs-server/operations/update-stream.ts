import { DEVICE_NAME, MEDIA_TYPE, parseCurrentVersion } from '../wire/stream-info.js'
import { parseOptionalString } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { requireVersion } from './stream-checks.js'
import { streamOperation } from './stream-operation.js'

export const updateStream = streamOperation({
  name: 'UpdateStream',
  parse: (input) => ({
    version: parseCurrentVersion(input),
    deviceName: parseOptionalString(input, 'DeviceName', DEVICE_NAME),
    mediaType: parseOptionalString(input, 'MediaType', MEDIA_TYPE),
  }),
  run(stream, { version, ...change }, { streams }: Pick<KvsServices, 'streams'>) {
    requireVersion(stream, version)
    streams.update(stream, change)
    return {}
  },
})
