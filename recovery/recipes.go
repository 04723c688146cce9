package recovery

// Recipes is every kind of flow there is: the only list.
func Recipes() []Recipe {
	return []Recipe{
		loginRecipe(), temporaryRecipe(), restoreRecipe(), unlockRecipe(),
		setupRecipe(), activateRecipe(), joinRecipe(),
		changePasswordRecipe(), dropPasswordRecipe(), stepUpRecipe(),
		addFactorRecipe(), dropFactorRecipe(), dropOneRecipe(), takeOneRecipe(), newCodesRecipe(), setPINRecipe(), setQuestionRecipe(),
		changeMailRecipe(), changePhoneRecipe(), confirmMailRecipe(), confirmPhoneRecipe(),
		addContactRecipe(), vouchRecipe(), drillContactRecipe(), letInRecipe(),
		openCaseRecipe(), drillRecipe(), deleteAccountRecipe(),
	}
}
