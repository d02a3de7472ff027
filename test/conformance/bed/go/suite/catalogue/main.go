// Command catalogue prints, as JSON, what the official suite says of itself: its profiles with their features, and its
// tests with the features that each needs.
package main

import (
	"encoding/json"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

type profile struct {
	Name     string   `json:"name"`
	Core     []string `json:"core"`
	Extended []string `json:"extended"`
}

type test struct {
	Name        string   `json:"name"`
	Features    []string `json:"features"`
	Provisional bool     `json:"provisional"`
}

func main() {
	catalogue := struct {
		Profiles []profile `json:"profiles"`
		Tests    []test    `json:"tests"`
	}{}
	for _, known := range []suite.ConformanceProfile{
		suite.GatewayHTTPConformanceProfile,
		suite.GatewayTLSConformanceProfile,
		suite.GatewayTCPConformanceProfile,
		suite.GatewayUDPConformanceProfile,
		suite.GatewayGRPCConformanceProfile,
	} {
		catalogue.Profiles = append(catalogue.Profiles, profile{
			Name:     string(known.Name),
			Core:     sorted(known.CoreFeatures),
			Extended: sorted(known.ExtendedFeatures),
		})
	}
	for _, known := range tests.ConformanceTests {
		catalogue.Tests = append(catalogue.Tests, test{
			Name:        known.ShortName,
			Features:    sorted(sets.New(known.Features...)),
			Provisional: known.Provisional,
		})
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(catalogue); err != nil {
		panic(err)
	}
}

func sorted(names sets.Set[features.FeatureName]) []string {
	list := []string{}
	for name := range names {
		list = append(list, string(name))
	}
	slices.Sort(list)
	return list
}
