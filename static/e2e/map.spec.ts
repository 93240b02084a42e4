// The map in a browser that has WebGL. The other tests run without it, which is the plain map's test.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'
import { watchPolicy } from './policy'

test('a click on the map makes a card there', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const page = await browse(mina)
  const violations = await watchPolicy(page)
  const editor = await EditorPage.open(page, await mina.createTrip({ days: 2, sample: 'jeju' }))
  const cards = editor.page.getByTestId('card')
  await cards.first().waitFor()
  const before = await cards.count()
  await editor.page.getByTestId('map').locator('canvas').click({ button: 'right', position: { x: 200, y: 250 } })
  await editor.page.getByTestId('pick-name').fill('A spot of our own')
  await editor.page.getByTestId('pick-add').click()
  await expect(editor.card('A spot of our own')).toBeVisible()
  await expect(cards).toHaveCount(before + 1)
  expect(await violations()).toEqual([])
})
