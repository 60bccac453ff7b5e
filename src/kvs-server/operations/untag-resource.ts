import { parseTaggedResource, parseTagKeys } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

export const untagResource = streamOperation({
  name: 'UntagResource',
  select: parseTaggedResource,
  parse: parseTagKeys,
  run(stream, keys, services: Pick<KvsServices, 'tags'>) {
    services.tags.remove(stream.id, keys)
    return {}
  },
})
