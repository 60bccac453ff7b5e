import { ELEMENT, isAboveClusterChildren } from './element-ids.js'

/** Where an element header stands. */
export type Level = 'top' | 'segment' | 'cluster' | 'group'

/** What the demuxer does with an element. 'leave' ends a Cluster of unknown size. */
export type Action = 'document' | 'segment' | 'cluster' | 'group' | 'block' | 'reference' | 'parse' | 'skip' | 'leave' | 'refuse'

type Places = ReadonlyMap<number, Action>

const TOP: Places = new Map([
  [ELEMENT.EBML, 'document'],
  [ELEMENT.Segment, 'segment'],
  [ELEMENT.Void, 'skip'],
  [ELEMENT.CRC32, 'skip'],
])
const SEGMENT: Places = new Map([
  [ELEMENT.Cluster, 'cluster'],
  [ELEMENT.EBML, 'document'],
  [ELEMENT.Info, 'parse'],
  [ELEMENT.Tracks, 'parse'],
  [ELEMENT.Tags, 'parse'],
  [ELEMENT.Segment, 'refuse'],
  [ELEMENT.SimpleBlock, 'refuse'],
  [ELEMENT.BlockGroup, 'refuse'],
])
const CLUSTER: Places = new Map([
  [ELEMENT.Timestamp, 'parse'],
  [ELEMENT.SimpleBlock, 'block'],
  [ELEMENT.BlockGroup, 'group'],
])
const GROUP: Places = new Map([
  [ELEMENT.Block, 'block'],
  [ELEMENT.ReferenceBlock, 'reference'],
])

/** Elements that are not known are stepped over (RFC 8794, section 6), except outside a Segment, where nothing of Matroska may stand. */
export function actionFor(level: Level, id: number): Action {
  switch (level) {
    case 'top':
      return TOP.get(id) ?? 'refuse'
    case 'segment':
      return SEGMENT.get(id) ?? 'skip'
    case 'cluster':
      return CLUSTER.get(id) ?? (isAboveClusterChildren(id) ? 'leave' : 'skip')
    case 'group':
      return GROUP.get(id) ?? (isAboveClusterChildren(id) ? 'refuse' : 'skip')
  }
}
