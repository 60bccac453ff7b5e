import { parseTaggedResource, parseTagList } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { putTags } from './stream-checks.js'
import { streamOperation } from './stream-operation.js'

/** Tags are a list here, and a map in TagStream. */
export const tagResource = streamOperation({
  name: 'TagResource',
  select: parseTaggedResource,
  parse: parseTagList,
  run(stream, tags, services: Pick<KvsServices, 'tags'>) {
    putTags(services.tags, stream.id, tags)
    return {}
  },
})
