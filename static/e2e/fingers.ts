// What a finger can hit on a phone: how large it is, and whether something lies over it.

import { expect, type Page } from '@playwright/test'

/** A finger needs this much. */
const LEAST_PX = 44

/** Smaller on purpose: links within the credits of the map, and a handle that is as wide as the page. */
const EXCEPT = '.credits a, .grip'

/** Everything in sight that is tapped is large enough. */
export async function expectForFingers(page: Page, where: string): Promise<void> {
  const small = () =>
    page.evaluate(
      ([least, except]) => {
        const grown = (one: Element) => {
          const { content, position, width, height } = getComputedStyle(one, '::after')
          const counts = content !== 'none' && position === 'absolute' && !one.hasAttribute('data-tip')
          return counts ? [parseFloat(width) || 0, parseFloat(height) || 0] : [0, 0]
        }
        const size = (one: Element) => {
          const around = one.matches('[type=checkbox], [type=radio]') ? (one.closest('label') ?? one) : one
          const { width, height } = around.getBoundingClientRect()
          const [more = 0, taller = 0] = grown(one)
          return [Math.max(width, more), Math.max(height, taller)]
        }
        const inSight = (one: Element) => {
          const { left, top, right, bottom, width } = one.getBoundingClientRect()
          if (width < 2 || right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) return false
          return one.checkVisibility({ opacityProperty: true, visibilityProperty: true })
        }
        return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
          .filter((one) => inSight(one) && !one.matches(except) && !one.closest('.hidden-text'))
          .map((one) => ({ one, box: size(one) }))
          .filter(({ box }) => box.some((side) => side < least - 0.5))
          .map(({ one, box }) => `${one.tagName} ${one.getAttribute('data-testid') ?? one.textContent?.trim()}: ${box.map(Math.round).join('×')}`)
      },
      [LEAST_PX, EXCEPT] as const,
    )
  await expect.poll(small, where).toEqual([])
}
