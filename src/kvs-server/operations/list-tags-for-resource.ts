import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseTaggedResource, refuseTagToken } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

export const listTagsForResource: Operation<StreamSelector, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'ListTagsForResource',
  parse(input) {
    refuseTagToken(input)
    return parseTaggedResource(input)
  },
  run: (selector, { streams, tags }) => ({ NextToken: null, Tags: tags.list(getStream(streams, selector).id) }),
}
