import { parseTaggedStream, parseTagMap } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { putTags } from './stream-checks.js'
import { streamOperation } from './stream-operation.js'

/** Tags are a map here, and a list in TagResource. */
export const tagStream = streamOperation({
  name: 'TagStream',
  select: parseTaggedStream,
  parse: parseTagMap,
  run(stream, tags, services: Pick<KvsServices, 'tags'>) {
    putTags(services.tags, stream.id, tags)
    return {}
  },
})
