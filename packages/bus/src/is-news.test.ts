import { expect, test } from 'vitest'
import cases from '../vectors/news.json' with { type: 'json' }
import { isNews } from './is-news.ts'

test.each(cases)('$name: $news', ({ message, last, news }) => {
  expect(isNews(message, last) ?? 'unknown').toBe(news)
})
