SELECT fname FROM crm."Customers" WHERE id = 1;
