// What machines can find of the obstacles for people who see, hear or move otherwise: axe on each screen, light and dark.

import AxeBuilder from '@axe-core/playwright'

import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'

async function expectNoObstacles(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`))
  expect(found).toEqual([])
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test('the sign-up page has no obstacles', async ({ browse }) => {
      const page = await browse(null, { colorScheme })
      await page.goto('/signup')
      await page.getByTestId('signup-form').waitFor()
      await expectNoObstacles(page)
    })

    test('the dashboard has no obstacles, empty or with trips', async ({ browse, server }) => {
      const mina = await Person.signUp(server, 'Mina')
      const page = await browse(mina, { colorScheme })
      await page.goto('/')
      await page.getByTestId('welcome').waitFor()
      await expectNoObstacles(page)
      await mina.createTrip({ title: 'Jeju', sample: 'jeju' })
      await mina.createTrip({ title: 'Osaka', sample: 'osaka' })
      await page.reload()
      await page.getByTestId('trip-tile').first().waitFor()
      await expectNoObstacles(page)
    })

    test('the editor has no obstacles', async ({ browse, server }) => {
      const mina = await Person.signUp(server, 'Mina')
      const trip = await mina.createTrip({ title: 'Jeju', sample: 'jeju' })
      const { page } = await EditorPage.open(await browse(mina, { colorScheme }), trip)
      await page.getByTestId('card').first().dblclick()
      await page.getByTestId('card-sheet').waitFor()
      await expectNoObstacles(page)
    })
  })
}
