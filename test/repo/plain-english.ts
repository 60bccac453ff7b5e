// The phrases that plain English avoids, and the length of its sentences. Read by the test of the same name.

/** A sentence with more words has more than one idea. */
export const MAX_SENTENCE_WORDS = 35

/** Each phrase with the better words. Word boundaries are added. */
const DIALECT: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/whoever|whosoever/, '"anyone who", or name the actor'],
  [/anew/, '"again"'],
  [/of which/, 'two sentences'],
  [/(?<!there )(is|are) no (?!longer|more)\w+/, '"is not a …"'],
  [/(no|any) more(?! than| \w+ than)/, '"no longer" or "not"'],
  [/tells? of|told of/, '"describes" or "reports"'],
  [/lets? go( of)?/, '"releases"'],
  [/hears|hear of/, '"receives" or "is notified"'],
  [/comes? to/, '"equals", "reaches" or "is"'],
  [/mends?|mended/, '"fix" or "correct"'],
  [/beside/, '"next to" or "compared with"'],
  [/be had|is had|are had/, '"available"'],
  [/at hand/, '"available"'],
  [/(say|says|said) so/, '"returns an error" or "states it"'],
  [/by itself alone|alone suffices/, '"only"'],
  [/hands? (on|out|over)/, '"passes" or "returns"'],
  [/handed (on|out|over)/, '"passed" or "returned"'],
  [/goes on|go on|went on/, '"continues"'],
  [/gives? up on/, '"stops"'],
  [/stands? in (the|a)/, '"is in"'],
  [/meanwhile/, '"at the same time" or "while …"'],
  [/somebody|nobody/, '"someone", "no one", or name the actor'],
  [/left out, it is/, '"The default is"'],
  [/asked for|asked of|is asked/, '"requested"'],
  [/by day and|so-manieth|slip of the pen/, 'plain words'],
  [/may be (opened|had|read|asked)/, '"is valid", "is available", or "can be …"'],
  [/is looked at|not looked at/, '"is checked" or "is ignored"'],
  [/what (is|was) (asked|given|made|left)/, 'a noun'],
  [/the one before/, '"the previous …"'],
  [/in the place of/, '"instead of"'],
  [/whatever/, '"every" or "regardless of"'],
  [/vouch(es)?/, '"guarantees"'],
  [/for want of|save for|but for|all but/, '"without" or "except"'],
  [/lest|thereof|therein|hereby|wherein|whereof/, 'modern words'],
]

function withBoundaries({ source }: RegExp): RegExp {
  return new RegExp(`(?<![\\w-])(?:${source})(?![\\w-])`, 'gi')
}

const patterns = DIALECT.map(([phrase, instead]) => ({ pattern: withBoundaries(phrase), instead }))

/** `"phrase": use …` for each avoided phrase. Line breaks count as spaces. */
export function findDialect(text: string): string[] {
  const plain = text.replace(/\s*\n[ \t#]*/g, ' ')
  return patterns.flatMap(({ pattern, instead }) => [...plain.matchAll(pattern)].map(([phrase]) => `"${phrase}": use ${instead}`))
}

/** Markdown without code, headings, targets of links and URLs. Headings keep their anchors, so they keep their words. */
export function toProse(markdown: string): string {
  return markdown
    .replace(/```.*?```/gs, '')
    .replace(/^#+ .*$/gm, '')
    .replace(/`[^`]*`/g, 'code')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/https?:\/\/\S+/g, 'URL')
}

/** The sentences of paragraphs, list items and table cells with more than MAX_SENTENCE_WORDS words. */
export function longSentences(markdown: string): string[] {
  return toProse(markdown)
    .replace(/^\s*(?:[-*]|\d+\.) /gm, '\n\n')
    .replace(/^\|.*$/gm, (row) => `\n\n${row.replaceAll('|', '\n\n')}\n\n`)
    .split(/\n\s*\n/)
    .flatMap((block) =>
      block
        .replace(/\s+/g, ' ')
        .trim()
        .split(/(?<=[.!?:])\s+/),
    )
    .filter((sentence) => sentence.split(' ').length > MAX_SENTENCE_WORDS)
}
