#pragma once
// What a record of the journal holds, for /openapi.json: the columns of record_view.cpp.

#include "gateway/api/shapes/fields.h"

namespace tallygate::api {

extern const Fields kRecordFields;
extern const Fields kRecordPageFields;

}  // namespace tallygate::api
