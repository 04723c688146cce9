package web

import (
	"maps"
	"slices"
)

// ProofPages lists the pages that a step which asks for something can have.
func ProofPages() []string { return slices.Sorted(maps.Keys(proofPages())) }

// EnrolledMethods lists the methods whose enrolment has a page.
func EnrolledMethods() []string { return slices.Sorted(maps.Keys(enrolments())) }
